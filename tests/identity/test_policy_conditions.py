"""Condition operators: a table of each, and the sets' semantics against plain set arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.identity.conditions import Test, compiled, known_operator

ARN = "arn:aws:sns:us-east-1:111122223333:topic"
CASES = [
    ("StringEquals", ["a", "b"], "b", True),
    ("StringEquals", "a", "A", False),
    ("StringEquals", "a*", "ab", False),
    ("StringNotEquals", ["a", "b"], "b", False),
    ("StringNotEquals", ["a", "b"], "c", True),
    ("StringEqualsIgnoreCase", "Mary", "mARY", True),
    ("StringNotEqualsIgnoreCase", "Mary", "mARY", False),
    ("StringLike", "photos/*", "photos/2026", True),
    ("StringLike", "photo?", "photos", True),
    ("StringLike", "", "", True),
    ("StringLike", "Photos/*", "photos/2026", False),
    ("StringNotLike", "photos/*", "photos/2026", False),
    ("StringLike", "home/${aws:username}/*", "home/mary/x", True),
    ("StringEquals", "${aws:username}", "mary", True),
    ("StringEquals", "${aws:nobody}", "mary", False),
    ("StringNotEquals", "${aws:nobody}", "mary", True),
    ("StringEquals", "${*}", "*", True),
    ("StringLike", "${*}", "x", False),
    ("NumericEquals", "10", "10.0", True),
    ("NumericNotEquals", "10", 10, False),
    ("NumericLessThan", "10", "9", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThanEquals", 10, "10", True),
    ("NumericGreaterThan", "9007199254740992", "9007199254740993", True),
    ("NumericGreaterThanEquals", "-1", "-1", True),
    ("NumericLessThan", "10", "ten", False),
    ("NumericLessThan", "ten", "1", False),
    ("NumericLessThan", "NaN", "1", False),
    ("NumericNotEquals", "ten", "1", True),
    ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", True),
    ("DateNotEquals", "2026-01-01T00:00:00Z", "2026-01-01", False),
    ("DateLessThan", "2026-06-01", "2026-01-01T00:00:00Z", True),
    ("DateLessThanEquals", "2026", "2026-01-01T00:00:00Z", True),
    ("DateGreaterThan", "2026-01", "2026-06-01T00:00:00+00:00", True),
    ("DateGreaterThan", "1767225600", "2026-06-01T00:00:00Z", True),
    ("DateGreaterThanEquals", "2026-01-01T00:00:00Z", 1767225600, True),
    ("DateGreaterThan", "tomorrow", "2026-06-01T00:00:00Z", False),
    ("Bool", "false", False, True),
    ("Bool", True, True, True),
    ("Bool", "TRUE", "true", True),
    ("Bool", "true", False, False),
    ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
    ("BinaryEquals", "QmluYXJ5", "QmluYXJ6", False),
    ("BinaryEquals", "no base64!", "no base64!", False),
    ("IpAddress", "10.0.0.0/8", "10.1.2.3", True),
    ("IpAddress", "10.0.0.1/8", "10.1.2.3", True),
    ("IpAddress", "10.1.2.3", "10.1.2.3", True),
    ("IpAddress", ["192.168.0.0/16", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::1", True),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5679::1", False),
    ("IpAddress", "10.0.0.0/8", "::ffff:10.1.2.3", True),
    ("IpAddress", "10.0.0.0/8", "2001:db8::1", False),
    ("IpAddress", "nowhere", "10.1.2.3", False),
    ("IpAddress", "10.0.0.0/8", "nowhere", False),
    ("NotIpAddress", "10.0.0.0/8", "10.1.2.3", False),
    ("NotIpAddress", ["10.0.0.0/8", "192.168.0.0/16"], "203.0.113.1", True),
    ("ArnEquals", "arn:aws:sns:*:111122223333:*", ARN, True),
    ("ArnLike", "arn:aws:s?s:us-east-1:*:topic", ARN, True),
    ("ArnLike", "*", ARN, True),
    ("ArnLike", "arn:aws:sns:*", ARN, False),
    ("ArnLike", "arn:aws:sns:*:topic", ARN, False),
    ("ArnLike", "arn:aws:some:*:111122223333:finance/*", "arn:aws:some:us-east-2:999999999999:store/abc:111122223333:finance/d", False),
    ("StringLike", "arn:aws:some:*:111122223333:finance/*", "arn:aws:some:us-east-2:999999999999:store/abc:111122223333:finance/d", True),
    ("ArnLike", "arn:aws:iam::111122223333:user/${aws:username}", "arn:aws:iam::111122223333:user/mary", True),
    ("ArnNotEquals", "arn:aws:sns:*:111122223333:*", ARN, False),
    ("ArnNotLike", "arn:aws:sqs:*:*:*", ARN, True),
    ("Null", "true", "there", False),
    ("Null", "false", "there", True),
    ("Null", True, "there", False),
    ("stringequals", "a", "a", True),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "wanted", "found", "holds"), CASES)
def test_an_operator_holds_as_documented(operator, wanted, found, holds):
    keys = {"the:key": found, "aws:username": "mary"}

    assert Test(operator, "The:Key", wanted, True).holds(keys) is holds
    if operator != "Null":
        assert Test(operator + "IfExists", "the:key", wanted, True).holds(keys) is holds


@pytest.mark.parametrize(
    ("operator", "wanted", "holds"),
    [
        ("StringEquals", "a", False),
        ("StringEqualsIfExists", "a", True),
        ("StringNotEquals", "a", True),
        ("StringNotEqualsIfExists", "a", True),
        ("NumericLessThan", "1", False),
        ("DateLessThanIfExists", "2026-01-01", True),
        ("NotIpAddress", "10.0.0.0/8", True),
        ("ArnNotLike", "arn:aws:sns:*:*:*", True),
        ("BoolIfExists", "true", True),
        ("Null", "true", True),
        ("Null", "false", False),
        ("ForAllValues:StringEquals", "a", True),
        ("ForAllValues:StringNotEquals", "a", True),
        ("ForAnyValue:StringEquals", "a", False),
        ("ForAnyValue:StringNotEquals", "a", False),
        ("ForAnyValue:StringEqualsIfExists", "a", True),
    ],
)
@pytest.mark.parametrize("keys", [{}, {"k": []}, {"k": None}], ids=["absent", "no values", "none"])
def test_an_absent_key(operator, wanted, holds, keys):
    assert Test(operator, "k", wanted, True).holds(keys) is holds


def test_an_empty_text_is_no_value_to_the_quantifiers():
    assert Test("ForAllValues:StringEquals", "k", "a", True).holds({"k": ""})
    assert not Test("ForAnyValue:StringLike", "k", "*", True).holds({"k": [""]})
    assert Test("StringEquals", "k", "", True).holds({"k": ""})


def test_variables_are_for_texts_and_arns_of_the_current_version_only():
    keys = {"aws:username": "10", "k": "10"}

    assert not Test("NumericEquals", "k", "${aws:username}", True).holds(keys)
    assert not Test("StringEquals", "k", "${aws:username}", False).holds(keys)
    assert Test("StringEquals", "k", "${aws:username}", False).holds({"k": "${aws:username}"})


def test_all_tests_of_a_block_are_made():
    block = {"StringEquals": {"a": "1", "c": "3"}, "StringLike": {"b": "2*"}}

    assert [one.key for one in compiled(block, True)] == ["a", "c", "b"]


words = st.sampled_from(["a", "b", "c", "d"])


@given(st.sets(words), st.sets(words, min_size=1), st.booleans())
def test_the_quantifiers_are_set_arithmetic(found, wanted, negated):
    name = "StringNotEquals" if negated else "StringEquals"
    keys = {"k": sorted(found)}
    fitting = found - wanted if negated else found & wanted

    assert Test(f"ForAllValues:{name}", "k", sorted(wanted), True).holds(keys) is (fitting == found)
    assert Test(f"ForAnyValue:{name}", "k", sorted(wanted), True).holds(keys) is bool(fitting)


@given(st.sampled_from(["String", "Arn", "Numeric", "Date"]), st.text(max_size=20), st.lists(st.text(max_size=20)))
def test_a_negated_operator_is_the_contrary_of_its_plain_one(family, found, wanted):
    keys = {"k": found}

    plain = Test(f"{family}Equals", "k", wanted, True).holds(keys)
    assert Test(f"{family}NotEquals", "k", wanted, True).holds(keys) is not plain


anything = st.one_of(st.text(max_size=12), st.integers(), st.floats(), st.booleans())


@given(st.sampled_from(sorted({case[0] for case in CASES})), anything, anything)
def test_no_value_makes_an_operator_fail(operator, wanted, found):
    assert Test(operator, "k", wanted, True).holds({"k": found}) in (True, False)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("StringEquals", True),
        ("stringlikeifexists", True),
        ("ForAnyValue:ArnLikeIfExists", True),
        ("Null", True),
        ("NullIfExists", False),
        ("ForSomeValues:StringLike", False),
        ("StringMatches", False),
        ("", False),
    ],
)
def test_known_operators(name, known):
    assert known_operator(name) is known
