"""The tutorials as written: content/*.md, one file each.

A file is TOML between two lines of `+++` (title, summary, minutes, and the steps with their check,
links, hints and questions), then Markdown: one part a step, opened by `## <slug>`. Text may name the
lab's own things as {{ lab.bucket }}, {{ lab.width_px }} (numbers.Numbers) and whatever else the page
gives. Raw HTML in Markdown is shown, never obeyed.
"""

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt

FOLDER = Path(__file__).parent / "content"
NAMED = re.compile(r"\{\{\s*lab\.(\w+)\s*\}\}")
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def _fence(tokens, place, _options, _env):
    """Render a code block as the console's own, with its copy button."""
    given = {"text": tokens[place].content, "id": f"code-{place}"}
    return render_to_string("components/_copyable.html", given)


MARKDOWN.renderer.rules["fence"] = _fence


@dataclass(frozen=True)
class Link:
    """A way from a step to the page where it is done."""

    text: str
    to: str


@dataclass(frozen=True)
class Field:
    """One question. kind: "choice" with options ((value, text), ...), or "number" with a unit."""

    name: str
    question: str
    kind: str
    options: tuple[tuple[str, str], ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class Step:
    """One step. check: name in checks.CHECKS; measure: name in measures.MEASURES, for a step that asks."""

    slug: str
    title: str
    text: str
    check: str = ""
    measure: str = ""
    fields: tuple[Field, ...] = ()
    links: tuple[Link, ...] = ()
    samples: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    terminal: str = ""

    @property
    def asks(self):
        return bool(self.fields)


@dataclass(frozen=True)
class Tutorial:
    slug: str
    title: str
    summary: str
    minutes: int
    introduction: str
    steps: tuple[Step, ...] = field(default=())

    def step(self, slug):
        """Return a step by its slug, or None."""
        return next((step for step in self.steps if step.slug == slug), None)

    def number(self, slug):
        """Return a step's place, counted from 1."""
        return 1 + next(i for i, step in enumerate(self.steps) if step.slug == slug)

    def before(self, slug):
        """Return the step in front of one, or None at the beginning."""
        place = self.number(slug)
        return self.steps[place - 2] if place > 1 else None

    def after(self, slug):
        """Return the step behind one, or None at the end."""
        place = self.number(slug)
        return self.steps[place] if place < len(self.steps) else None


def parse(slug, source):
    """Return the Tutorial of a file's text. Errors: ValueError that names what is wrong, for the author."""
    _before, front, body = source.split("+++\n", 2)
    head = tomllib.loads(front)
    introduction, *parts = re.split(r"(?m)^## +(\S+)\s*$", body)
    texts = dict(zip(parts[::2], parts[1::2], strict=True))
    steps = tuple(_step(written, texts) for written in head.pop("steps"))
    unused = set(texts) - {step.slug for step in steps}
    if unused:
        raise ValueError(f"{slug}: text without a step: {', '.join(sorted(unused))}")
    return Tutorial(slug=slug, introduction=introduction.strip(), steps=steps, **head)


def _step(written, texts):
    if written["slug"] not in texts:
        raise ValueError(f"step {written['slug']} has no text: write a part '## {written['slug']}'")
    written = dict(written, text=texts[written["slug"]].strip())
    written["links"] = tuple(Link(**link) for link in written.get("links", ()))
    written["fields"] = tuple(
        Field(**{**asked, "options": tuple(map(tuple, asked.get("options", ())))})
        for asked in written.get("fields", ())
    )
    for name in ("hints", "samples"):
        written[name] = tuple(written.get(name, ()))
    return Step(**written)


@lru_cache(maxsize=1)
def tutorials():
    """Return {slug: Tutorial} in the order of their file names ("01-a-photo.md" has the slug "a-photo")."""
    found = {}
    for path in sorted(FOLDER.glob("*.md")):
        slug = path.stem.lstrip("0123456789").lstrip("-")
        found[slug] = parse(slug, path.read_text())
    return found


def fill(text, lab):
    """Return a text with the lab's own names in it. lab: {name: value}. Errors: KeyError for an unknown name.

    >>> fill("s3://{{ lab.bucket }}", {"bucket": "photo-x7"})
    's3://photo-x7'
    """
    return NAMED.sub(lambda found: str(lab[found[1]]), text)


def html(text, lab):
    """Return a text as HTML, with the lab's own names in it."""
    return mark_safe(MARKDOWN.render(fill(text, lab)))  # raw HTML in it was escaped by the renderer
