"""Paint the sample photos: a mountain lake that no camera saw, so that nobody's rights are in it.

`python -m apps.tutorials.sample.paint` writes them anew; the same seed gives the same picture. Only Pillow
is used: noise is a few random pixels enlarged, light on rock is the difference of noise with itself moved
a little, water is the sky upside down and shaken.
"""

import math
import random
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

HERE = Path(__file__).parent
SITE = HERE.parent.parent / "console" / "seed" / "site"
SIZE = (1440, 900)

# Sky from zenith to horizon; haze and rock of far and near ridges; the sun: x, y (fractions), color.
EVENING = {
    "sky": ["#1b2550", "#34417d", "#74639c", "#d0818a", "#f6b078", "#ffdfa6"],
    "far": "#b98a9a",
    "near": "#141a2e",
    "sun": (0.63, 0.50, "#fff1c9"),
    "snow": "#ffd9c2",
    "stars": 130,
}
MORNING = {
    "sky": ["#2d6fa8", "#4f90c2", "#84b7d8", "#b9d6e2", "#e3e6dc", "#f9ebd0"],
    "far": "#9fbacb",
    "near": "#16302f",
    "sun": (0.28, 0.47, "#fffbe8"),
    "snow": "#ffffff",
    "stars": 0,
}
NIGHT = {
    "sky": ["#050a1c", "#0a1633", "#10264a", "#173a5c", "#1f5a6a", "#3d8a80"],
    "far": "#24485c",
    "near": "#04080f",
    "sun": (0.36, 0.22, "#f4f6ff"),
    "snow": "#a9c6d6",
    "stars": 620,
}


def rgb(color):
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))


def mix(one, two, share):
    return tuple(round(a + (b - a) * share) for a, b in zip(one, two, strict=True))


def gradient(stops, size):
    """Return a vertical gradient through some colors."""
    column = Image.new("RGB", (1, 256))
    last = len(stops) - 1
    for y in range(256):
        place = y / 255 * last
        i = min(int(place), last - 1)
        column.putpixel((0, y), mix(rgb(stops[i]), rgb(stops[i + 1]), place - i))
    return column.resize(size, Image.Resampling.BICUBIC)


def noise(chance, size, cells, octaves=5):
    """Return fractal noise in grey. cells: how many lumps across and down the coarsest octave has."""
    total = None
    across, down = cells
    for octave in range(octaves):
        small = Image.new("L", (max(2, across), max(2, down)))
        small.putdata([chance.randrange(256) for _ in range(small.width * small.height)])
        layer = small.resize(size, Image.Resampling.BICUBIC)
        total = layer if total is None else Image.blend(total, layer, 0.5 / (1 + 0.28 * octave))
        across, down = across * 2, down * 2
    return total


def ridge_line(chance, width, base, height, roughness):
    """Return the y of a ridge at each x, by midpoint displacement."""
    points = [base + chance.uniform(-0.5, 0.5) * height for _ in range(5)]
    spread = height
    while len(points) < width:
        spread *= roughness
        between = [(a + b) / 2 + chance.uniform(-0.5, 0.5) * spread for a, b in zip(points, points[1:], strict=False)]
        points = [p for pair in zip(points, between, strict=False) for p in pair] + [points[-1]]
    step = (len(points) - 1) / (width - 1)
    return [points[round(x * step)] for x in range(width)]


def glow(size, centre, radius, color, strength):
    """Return light on black: a soft disc."""
    disc = ImageChops.invert(Image.radial_gradient("L")).point(lambda v: int((v / 255) ** 2.2 * 255 * strength))
    disc = disc.resize((int(radius * 2), int(radius * 2)), Image.Resampling.BICUBIC)
    mask = Image.new("L", size)
    mask.paste(disc, (int(centre[0] - radius), int(centre[1] - radius)))
    return Image.composite(Image.new("RGB", size, color), Image.new("RGB", size), mask)


def sky(chance, look, size):
    width, height = size
    picture = gradient(look["sky"], size)
    pen = ImageDraw.Draw(picture)
    for _ in range(look["stars"]):
        x, y = chance.uniform(0, width), chance.uniform(0, height) ** 1.5 / height**0.5 * 0.75
        light = chance.randrange(120, 255)
        here = picture.getpixel((int(x), int(y)))
        pen.point((x, y), mix(here, (255, 252, 240), light / 255))
        if light > 242:
            pen.ellipse((x - 0.8, y - 0.8, x + 0.8, y + 0.8), mix(here, (255, 252, 240), 0.9))
    clouds = noise(chance, size, (3, 16), 6).point(lambda v: max(0, min(255, int((v - 138) * 4.2))))
    band = Image.linear_gradient("L").resize(size).point(lambda v: int(math.sin(math.pi * v / 255) ** 2 * 150))
    lit = Image.new("RGB", size, mix(rgb(look["sky"][-1]), rgb(look["sky"][3]), 0.35))
    picture = Image.composite(lit, picture, ImageChops.multiply(clouds, band))
    x, y, color = look["sun"]
    centre = (x * width, y * height * 2)  # fractions of the whole picture, of which the sky is half
    for radius, strength in ((0.62, 0.42), (0.26, 0.5), (0.075, 0.8)):
        picture = ImageChops.screen(picture, glow(size, centre, radius * width, rgb(color), strength))
    pen = ImageDraw.Draw(picture)
    r = width * 0.017
    pen.ellipse((centre[0] - r, centre[1] - r, centre[0] + r, centre[1] + r), fill=rgb(color))
    return picture


def mountains(chance, look, picture):
    """Lay ridges into the picture, the far ones pale, the near ones dark."""
    width, height = picture.size
    plans = ((0.66, 0.62, 0.53), (0.82, 0.34, 0.50), (0.93, 0.20, 0.50), (0.985, 0.075, 0.54))
    for i, (base, tall, rough) in enumerate(plans):
        share = i / (len(plans) - 1)
        line = ridge_line(chance, width, base * height, tall * height, rough)
        mask = Image.new("L", picture.size)
        ImageDraw.Draw(mask).polygon([(0, height), *enumerate(line), (width, height)], fill=255)
        mask = mask.filter(ImageFilter.GaussianBlur(0.7))
        body = Image.new("RGB", picture.size, mix(rgb(look["far"]), rgb(look["near"]), share**0.8))
        if i < 2:
            body = _lit(chance, look, body, line, 1 - share)
        mist = gradient(["#000000", "#000000", "#3a3a3a"], picture.size).convert("L")
        body = Image.composite(Image.new("RGB", picture.size, rgb(look["sky"][-2])), body, mist)
        picture = Image.composite(body, picture, mask)
    return picture


def _lit(chance, look, body, line, strength):
    """Put light and snow on rock: slopes that face the sun are bright, high ones are white."""
    toward = -1 if look["sun"][0] > 0.5 else 1
    # Gullies run downhill: lumps much taller than wide, in two sizes.
    broad = noise(chance, body.size, (16, 3), 3)
    fine = noise(chance, body.size, (60, 16), 4)
    shade = ImageChops.add(
        ImageChops.subtract(broad, ImageChops.offset(broad, 16 * toward, 6), 0.42, 128),
        ImageChops.subtract(fine, ImageChops.offset(fine, 5 * toward, 4), 0.62, 128),
        1,
        -128,
    ).filter(ImageFilter.GaussianBlur(0.9))
    lit = Image.composite(
        Image.new("RGB", body.size, mix(rgb(look["snow"]), rgb(look["far"]), 0.25)),
        Image.new("RGB", body.size, mix(rgb(look["near"]), rgb(look["far"]), 0.45)),
        shade,
    )
    body = Image.blend(body, lit, 0.62 * strength)
    top = min(line)
    snow = Image.new("L", body.size)
    pen = ImageDraw.Draw(snow)
    for x, y in enumerate(line):
        deep = max(0.0, (top + body.height * 0.36 - y)) * 0.62
        pen.line((x, y, x, y + deep), fill=255)
    ragged = ImageChops.multiply(
        snow.filter(ImageFilter.GaussianBlur(14)), fine.point(lambda v: min(255, int(v * 1.5)))
    )
    bright = shade.point(lambda v: max(40, min(255, int((v - 96) * 3.4))))
    snow = ImageChops.multiply(ragged.point(lambda v: max(0, min(255, int((v - 60) * 2.0)))), bright)
    return Image.composite(
        Image.new("RGB", body.size, rgb(look["snow"])), body, snow.point(lambda v: int(v * strength))
    )


def water(chance, above, size):
    """Return what is above, mirrored, dimmed and shaken more the nearer it is."""
    width, height = size
    mirror = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize(size, Image.Resampling.BICUBIC)
    mirror = Image.blend(mirror, Image.new("RGB", size, mirror.resize((1, 1)).getpixel((0, 0))), 0.16)
    out = Image.new("RGB", size)
    phase = chance.uniform(0, 6)
    for y in range(height):
        near = y / height
        wave = math.sin(y * 0.9 / (0.12 + near) * 0.22 + phase) + 0.6 * math.sin(y * 2.3 / (0.2 + near) * 0.17)
        shift = int(wave * (1 + 16 * near) + chance.uniform(-1, 1) * (1 + 5 * near))
        row = min(height - 1, max(0, y + int(chance.uniform(-1, 1) * 9 * near)))
        out.paste(ImageChops.offset(mirror.crop((0, row, width, row + 1)), shift, 0), (0, y))
    streaks = noise(chance, size, (5, 60), 4).point(lambda v: max(0, int((v - 128) * 1.3)))
    out = ImageChops.add(out, Image.merge("RGB", [streaks.point(lambda v: v // 4)] * 3))
    dark = gradient(["#ffffff", "#d8dce6", "#8b93a8"], size)
    return ImageChops.multiply(out, dark).filter(ImageFilter.GaussianBlur(0.6))


def pines(chance, picture, look, side, shore):
    """Draw a stand of pines at one side of the foreground. side: -1 left, 1 right."""
    width, height = picture.size
    layer = Image.new("L", (width * 2, height * 2))
    pen = ImageDraw.Draw(layer)
    reach = width * chance.uniform(0.20, 0.27)
    for _ in range(26):
        away = chance.random() ** 1.6 * reach
        x = (away if side < 0 else width - away) * 2
        tall = height * chance.uniform(0.20, 0.44) * (1 - 0.72 * away / reach) * 2
        foot = (shore + 8 + ((away / (reach * 1.5)) ** 1.7) * (height - shore) * 1.05 + chance.uniform(0, 10)) * 2
        pen.rectangle((x - 2, foot - tall, x + 2, foot), fill=255)
        tiers = int(tall / 11)
        for tier in range(tiers):
            y = foot - tall + tall * tier / tiers * 0.94
            half = (3 + tall * 0.13 * (tier / tiers)) * chance.uniform(0.7, 1.2)
            droop = half * 0.42
            pen.polygon(((x, y - 7), (x - half, y + droop), (x, y + droop * 0.55), (x + half, y + droop)), fill=255)
    bank = [(0, height * 2)] if side < 0 else [(width * 2, height * 2)]
    for step in range(41):
        across = step / 40
        x = across * reach * 1.5 * 2
        drop = (across**1.7) * (height - shore) * 1.05
        bank.append((x if side < 0 else width * 2 - x, (shore + 6 + drop + chance.uniform(-2, 2)) * 2))
    bank.append((bank[-1][0], height * 2))
    pen.polygon(bank, fill=255)
    mask = layer.resize(picture.size, Image.Resampling.LANCZOS)
    return Image.composite(Image.new("RGB", picture.size, mix(rgb(look["near"]), (0, 0, 0), 0.45)), picture, mask)


def finish(chance, picture):
    """Add what a lens and a sensor add: darker corners, a little grain."""
    corners = ImageChops.invert(Image.radial_gradient("L").resize(picture.size)).point(lambda v: min(255, 150 + v))
    picture = ImageChops.multiply(picture, Image.merge("RGB", [corners] * 3))
    grain = Image.new("L", (picture.width // 2, picture.height // 2))
    grain.putdata([int(chance.gauss(128, 2.2)) for _ in range(grain.width * grain.height)])
    grain = grain.resize(picture.size)
    return ImageChops.add(picture, Image.merge("RGB", [grain] * 3), 1, -128)


def paint(seed, look, size=SIZE):
    """Return a picture of a lake under mountains."""
    chance = random.Random(seed)
    width, height = size
    horizon = int(height * 0.58)
    above = mountains(chance, look, sky(chance, look, (width, horizon)))
    picture = Image.new("RGB", size)
    picture.paste(above, (0, 0))
    picture.paste(water(chance, above, (width, height - horizon)), (0, horizon))
    for side in (-1, 1):
        picture = pines(chance, picture, look, side, height * chance.uniform(0.80, 0.88))
    return finish(chance, picture)


def main():
    for path, seed, look, size in (
        (HERE / "photo.jpg", 11, EVENING, SIZE),
        (HERE / "lake.jpg", 5, MORNING, (1200, 800)),
        (SITE / "photo.jpg", 4, NIGHT, SIZE),
    ):
        paint(seed, look, size).save(path, "JPEG", quality=76, optimize=True, progressive=True)
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
