"""The documentation is true: every setting and header of the contract has its line, every link its file."""

import re
from pathlib import Path

import pytest

from apps.console.management.commands import operations

ROOT = Path(__file__).resolve().parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_setting_has_its_line():
    source = (ROOT / "playground/settings.py").read_text() + (ROOT / "playground/supervise/programs.py").read_text()
    names = set(re.findall(r'"(PLAYGROUND_[A-Z_]+|DATABASE_URL|REDIS_URL)"', source)) - {"PLAYGROUND_BANNER"}

    documented = (ROOT / "docs/settings.md").read_text()

    assert names
    assert not [name for name in sorted(names) if f"`{name}`" not in documented]


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page):
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text())

    broken = [link for link in links if not link.startswith("http") and not (page.parent / link).exists()]

    assert not broken


def test_every_dependency_says_what_it_is_for():
    pinned = re.findall(r"^([A-Za-z0-9-]+)==", (ROOT / "requirements.txt").read_text(), re.M)

    told = (ROOT / "docs/dependencies.md").read_text().lower()

    assert pinned
    assert not [name for name in pinned if name.lower() not in told]


@pytest.mark.parametrize(
    "header", ["X-Visitor-Location", "X-Cache", "X-Amz-Cf-Pop", "Age", "Cache-Status", "Server-Timing"]
)
def test_every_header_of_the_edges_is_documented(header):
    assert any(header in page.read_text() for page in DOCS)


def test_the_tables_of_differences_are_what_the_code_says():
    text = (ROOT / "docs/differences.md").read_text()

    assert operations.markdown() in text, "run manage.py operations --write"
