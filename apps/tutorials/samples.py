"""The files that a tutorial offers to save: a small site, two photos, and the handler with the lab's own number."""

from pathlib import Path

from apps.functions import editing

FOLDER = Path(__file__).parent / "sample"
TYPES = {
    "index.html": "text/html",
    "style.css": "text/css",
    "photo.jpg": "image/jpeg",
    "lake.jpg": "image/jpeg",
    "app.py": "text/x-python",
}
STARTER_SIZE = "(320, 320)"  # in the console's own thumbnail maker, which the tutorial has its students change


def content(name, lab):
    """Return a sample's bytes. lab: numbers.Numbers."""
    if name == "app.py":
        return handler(lab).encode()
    return (FOLDER / name).read_bytes()


def handler(lab):
    """Return the thumbnail maker as the tutorial wants it in this lab."""
    source = {slug: text for slug, _label, text in editing.starters()}["thumbnail"]
    return source.replace(STARTER_SIZE, f"({lab.width_px}, {lab.width_px})")
