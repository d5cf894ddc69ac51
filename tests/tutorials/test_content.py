"""The tutorials as written: complete, and every name in them is one that the lab has."""

import doctest
import re

import pytest

from apps.classrooms import lessons
from apps.identity.models import Account
from apps.tutorials import checks, content, measures, numbers, pictures, predictions, samples

NUMBERS = numbers.of(Account(account_id="123456789012"))
LAB = {
    **vars(NUMBERS),
    "distribution": "E1",
    "domain": "e1.example",
    "runtime": "python3.11",
    "aws": "http://localhost",
}
STEPS = [(t, s) for t in content.tutorials().values() for s in t.steps]


@pytest.mark.parametrize("module", [content, measures, pictures, predictions])
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(("tutorial", "step"), STEPS, ids=lambda v: getattr(v, "slug", ""))
def test_a_step_has_all_that_it_needs(tutorial, step):
    assert bool(step.check) != step.asks
    assert step.check in checks.CHECKS if step.check else step.measure in measures.MEASURES
    for field in step.fields:
        assert field.options if field.kind == "choice" else field.unit
    for text in (step.text, step.terminal, *step.hints, *(part for link in step.links for part in vars(link).values())):
        assert "{{" not in content.fill(text, LAB)
    for name in step.samples:
        assert name in samples.TYPES and 0 < len(samples.content(name, NUMBERS)) < 150_000


def test_raw_html_in_a_text_is_shown_and_not_obeyed():
    assert "<script" not in content.html("<script>alert(1)</script>\n\n**bold**", LAB)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ('+++\ntitle="t"\nsummary="s"\nminutes=1\n[[steps]]\nslug="a"\ntitle="A"\n+++\n', "step a has no text"),
        ('+++\ntitle="t"\nsummary="s"\nminutes=1\nsteps=[]\n+++\n## b\ntext\n', "text without a step: b"),
    ],
)
def test_an_author_is_told_what_is_wrong(source, says):
    with pytest.raises(ValueError, match=says):
        content.parse("x", source)


def test_every_lab_has_names_and_numbers_of_its_own():
    found = [numbers.of(Account(account_id=f"{n:012}")) for n in range(200)]

    assert len({lab.bucket for lab in found}) == 200 and len({lab.width_px for lab in found}) > 30
    assert all(re.fullmatch(r"photo-[a-z2-9]{6}", lab.bucket) for lab in found)
    assert numbers.of(Account(account_id="000000000001")) == found[1]


def test_the_classroom_knows_every_tutorial():
    for tutorial in content.tutorials().values():
        assert [slug for slug, _ in lessons.LESSONS[tutorial.slug].steps] == [step.slug for step in tutorial.steps]
