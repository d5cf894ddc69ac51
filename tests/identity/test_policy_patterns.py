"""Wildcards, ARNs part by part and variables, against a matcher that is slow and plain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.identity.patterns import Pattern, matches, value_of


def plainly(pattern, text):
    """Return whether a text fits, one character at a time."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(plainly(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and plainly(pattern[1:], text[1:])


@given(st.text("ab*?.\n", max_size=8), st.text("ab.\n*", max_size=8))
def test_a_pattern_fits_what_the_plain_matcher_says(pattern, text):
    assert matches(pattern, text) is plainly(pattern, text)


@given(st.text("aB*?", max_size=6), st.text("Ab", max_size=6))
def test_capitals_are_like_small_letters_when_asked(pattern, text):
    assert matches(pattern, text, ignore_case=True) is plainly(pattern.lower(), text.lower())


part = st.text("a*?", max_size=3)


@given(st.tuples(part, part, part, part, part, part), st.lists(st.text("a:", max_size=3), min_size=6, max_size=6))
def test_an_arn_fits_part_by_part(parts, texts):
    text = ":".join(texts)
    found = text.split(":", 5)
    wanted = len(found) == 6 and all(plainly(p, t) for p, t in zip(parts, found, strict=True))

    assert Pattern(":".join(parts), arn=True).fits(text, {}) is wanted


@given(st.text("ab$*?{}", max_size=6), st.text("ab$*?{}", max_size=6))
def test_a_variable_fits_its_value_and_nothing_else(value, other):
    pattern = Pattern("x/${k}/y", variables=True)

    assert pattern.fits(f"x/{value}/y", {"k": value})
    assert pattern.fits(f"x/{other}/y", {"k": value}) is (value == other)


@pytest.mark.parametrize(
    ("variable", "keys", "value"),
    [
        ("aws:UserName", {"aws:username": "mary"}, "mary"),
        ("aws:username", {}, None),
        ("aws:username, 'nobody'", {}, "nobody"),
        ("aws:username,'nobody'", {"aws:username": "mary"}, "mary"),
        ("aws:username, nobody", {}, None),
        ("aws:tagkeys", {"aws:tagkeys": ["a"]}, None),
        ("aws:SecureTransport", {"aws:securetransport": True}, "true"),
        ("*", {}, "*"),
        ("?", {}, "?"),
        ("$", {}, "$"),
    ],
)
def test_a_variable_has_its_value_its_default_or_none(variable, keys, value):
    assert value_of(variable, keys) == value
