"""The policy engine: tables of documents against requests, and properties that hold for all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.identity.policy import AccessRequest, Malformed, evaluate, is_public, parse, validate

ME, YOU = "111111111111", "222222222222"


def asked(principal=ME, owner=ME, action="s3:GetObject", resource="arn:aws:s3:::b/photos/a.jpg", root=False, **keys):
    arn = f"arn:aws:sts::{principal}:assumed-role/r/s" if principal and not root else f"arn:aws:iam::{principal}:root"
    return AccessRequest(
        principal_arn=arn if principal else "",
        principal_account=principal,
        action=action,
        resource=resource,
        owner_account=owner,
        keys={name.replace("__", ":").lower(): value for name, value in keys.items()},
        is_root=root,
        role_arn=f"arn:aws:iam::{principal}:role/r",
    )


def statement(effect="Allow", action="s3:GetObject", resource="arn:aws:s3:::b/*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def of(condition, **keys):
    return evaluate(asked(**keys), {"p": document(statement(Condition=condition))}).allowed


CASES = [
    ("nothing allows", [], None, asked(), "ImplicitDeny"),
    ("identity allows", [statement()], None, asked(), "Allow"),
    ("another action", [statement(action="s3:PutObject")], None, asked(), "ImplicitDeny"),
    ("a wildcard action, any case", [statement(action="S3:get*")], None, asked(), "Allow"),
    ("another resource", [statement(resource="arn:aws:s3:::c/*")], None, asked(), "ImplicitDeny"),
    ("a question mark", [statement(resource="arn:aws:s3:::b/photos/?.jpg")], None, asked(), "Allow"),
    ("a deny beats an allow", [statement(), statement("Deny")], None, asked(), "ExplicitDeny"),
    ("root needs no allow", [], None, asked(root=True), "Allow"),
    ("root in another account does", [], None, asked(root=True, owner=YOU), "ImplicitDeny"),
    ("a resource policy allows within the account", [], {"AWS": f"arn:aws:iam::{ME}:role/r"}, asked(), "Allow"),
    ("naming the account leaves it to the account", [], {"AWS": ME}, asked(), "ImplicitDeny"),
    ("across accounts it alone is too little", [], {"AWS": ME}, asked(owner=YOU), "ImplicitDeny"),
    ("across accounts both suffice", [statement()], {"AWS": f"arn:aws:iam::{ME}:root"}, asked(owner=YOU), "Allow"),
    ("everyone includes the anonymous", [], "*", asked(principal="", owner=YOU), "Allow"),
    ("an account is not the anonymous", [], {"AWS": YOU}, asked(principal="", owner=YOU), "ImplicitDeny"),
    ("a role by its ARN", [], {"AWS": f"arn:aws:iam::{ME}:role/r"}, asked(), "Allow"),
    ("another role", [], {"AWS": f"arn:aws:iam::{ME}:role/other"}, asked(), "ImplicitDeny"),
    ("a service is no account", [], {"Service": "cloudfront.amazonaws.com"}, asked(), "ImplicitDeny"),
]


@pytest.mark.parametrize(("_name", "identity", "principal", "request_", "code"), CASES, ids=[c[0] for c in CASES])
def test_the_evaluation_is_as_documented(_name, identity, principal, request_, code):
    resource = document(statement(Principal=principal)) if principal else None

    decision = evaluate(request_, {"p": document(*identity)}, resource)

    assert decision.code == code and decision.because


def test_not_action_not_resource_and_not_principal():
    assert evaluate(asked(), {"p": document({"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"})}).allowed
    assert not evaluate(asked(), {"p": document({"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"})}).allowed
    inverted = {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/photos/*"}
    assert not evaluate(asked(), {"p": document(inverted)}).allowed
    others = document({"Effect": "Deny", "NotPrincipal": {"AWS": YOU}, "Action": "*", "Resource": "*"})
    assert evaluate(asked(root=True), {}, others).code == "ExplicitDeny"


@pytest.mark.parametrize(
    ("condition", "keys", "holds"),
    [
        ({"StringEquals": {"s3:prefix": ["a", "b"]}}, {"s3__prefix": "b"}, True),
        ({"StringEquals": {"s3:prefix": "a"}}, {}, False),
        ({"StringEqualsIfExists": {"s3:prefix": "a"}}, {}, True),
        ({"StringNotEquals": {"s3:prefix": "a"}}, {"s3__prefix": "a"}, False),
        ({"StringLike": {"s3:prefix": "photos/*"}}, {"s3__prefix": "photos/2026"}, True),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, {"s3__max-keys": "9"}, True),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, {"s3__max-keys": "ten"}, False),
        (
            {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
            {"aws__currenttime": "2026-06-01T00:00:00Z"},
            True,
        ),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"aws__securetransport": False}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws__sourceip": "10.1.2.3"}, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws__sourceip": "10.1.2.3"}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}, {"aws__sourcearn": "arn:aws:s3:::b"}, True),
        ({"Null": {"aws:SourceArn": "true"}}, {}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {"k": ["a", "b"]}, True),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {"k": ["a", "b"]}, False),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {}, True),
        ({"StringEquals": {"a": "1"}, "StringLike": {"b": "2*"}}, {"a": "1", "b": "3"}, False),
    ],
)
def test_conditions(condition, keys, holds):
    assert of(condition, **keys) is holds


def test_a_variable_stands_for_the_callers_value_and_nothing_without_one():
    own = {"p": document(statement(resource="arn:aws:s3:::b/${aws:userid}/*"))}

    assert evaluate(asked(resource="arn:aws:s3:::b/me/x", aws__userid="me"), own).allowed
    assert not evaluate(asked(resource="arn:aws:s3:::b/me/x", aws__userid="you"), own).allowed
    assert not evaluate(asked(resource="arn:aws:s3:::b//x"), own).allowed


def test_every_statement_says_why_it_did_not_apply():
    decision = evaluate(
        asked(), {"p": document(statement(action="s3:PutObject"), statement("Deny", resource="arn:aws:s3:::c/*"))}
    )

    assert len(decision.considered) == 2
    assert "do not include s3:GetObject" in decision.considered[0].because
    assert "resources do not include" in decision.considered[1].because


statements_ = st.builds(
    statement,
    effect=st.sampled_from(["Allow", "Deny"]),
    action=st.sampled_from(["s3:GetObject", "s3:*", "s3:PutObject", "*"]),
    resource=st.sampled_from(["*", "arn:aws:s3:::b/*", "arn:aws:s3:::c/*"]),
)


@given(st.lists(statements_, max_size=5))
def test_a_matching_deny_always_wins(some):
    decision = evaluate(asked(), {"p": document(*some, statement("Deny", "s3:*", "*"))})

    assert decision.code == "ExplicitDeny"


@given(st.lists(statements_, max_size=5), statements_)
def test_one_more_allow_never_takes_away_and_one_more_deny_never_gives(some, more):
    before = evaluate(asked(), {"p": document(*some)}).allowed
    after = evaluate(asked(), {"p": document(*some, more)}).allowed

    assert (after or not before) if more["Effect"] == "Allow" else (before or not after)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"Statement": []}',
        '{"Version": "2020-01-01", "Statement": [{}]}',
        '{"Statement": [{"Effect": "Maybe"}]}',
    ],
)
def test_a_malformed_document_is_refused(text):
    with pytest.raises(Malformed):
        validate(parse(text), "arn:aws:s3:::b")


def test_public_means_everyone_unless_a_condition_pins_it():
    everyone = statement(Principal="*")

    assert is_public(document(everyone))
    assert not is_public(document({**everyone, "Condition": {"StringEquals": {"aws:SourceAccount": ME}}}))
    assert not is_public(document(statement(Principal={"AWS": ME})))
    assert not is_public(document({**everyone, "Effect": "Deny"}))
