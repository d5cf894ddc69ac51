"""When is a policy public? The S3 User Guide's own examples, and each key that pins."""

import pytest

from apps.identity.policy import is_public

EVERYONE = {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}
ME = "111111111111"


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def under(**condition):
    return is_public(document({**EVERYONE, "Condition": condition}))


@pytest.mark.parametrize(
    ("principal", "public"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": [ME, "*"]}, True),
        ({"AWS": ME}, False),
        ({"AWS": f"arn:aws:iam::{ME}:user/mary"}, False),
        ({"Service": "cloudtrail.amazonaws.com"}, False),
        ({"CanonicalUser": "a" * 64}, False),
        ({"Federated": "graph.facebook.com"}, True),
        ({"AWS": ME, "Federated": "graph.facebook.com"}, True),
    ],
)
def test_by_principal(principal, public):
    assert is_public(document({**EVERYONE, "Principal": principal})) is public


def test_leaving_some_out_lets_everyone_else_in():
    assert is_public(document({"Effect": "Allow", "NotPrincipal": {"AWS": ME}, "Action": "*", "Resource": "*"}))


def test_one_public_statement_makes_a_policy_public_and_denies_do_not_count():
    named = {**EVERYONE, "Principal": {"AWS": ME}}

    assert is_public(document(named, EVERYONE))
    assert not is_public(document(named, {**EVERYONE, "Effect": "Deny"}))
    assert not is_public(document()) and not is_public(None)


@pytest.mark.parametrize(
    ("operator", "key", "value", "public"),
    [
        ("StringEquals", "aws:SourceVpc", "vpc-91237329", False),
        ("StringLike", "aws:SourceVpc", "vpc-*", True),
        ("StringLike", "aws:SourceVpc", "vpc-91237329", False),
        ("StringEquals", "aws:SourceVpce", ["vpce-1", "vpce-2"], False),
        ("StringEquals", "aws:SourceAccount", ME, False),
        ("StringEquals", "AWS:SourceOwner", ME, False),
        ("ArnLike", "aws:SourceArn", f"arn:aws:cloudfront::{ME}:distribution/E1", False),
        ("ArnLike", "aws:SourceArn", f"arn:aws:cloudfront::{ME}:distribution/*", True),
        ("StringEquals", "aws:PrincipalOrgID", "o-12345", False),
        ("ArnEquals", "aws:PrincipalArn", f"arn:aws:iam::{ME}:role/r", False),
        ("StringLike", "aws:userid", "AROAEXAMPLEID:*", True),
        ("StringEquals", "aws:userid", "AIDAEXAMPLEID", False),
        ("StringEquals", "aws:userid", "${aws:userid}", True),
        ("StringEquals", "s3:x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:1:key/k", False),
        ("ArnLike", "s3:DataAccessPointArn", f"arn:aws:s3:us-west-2:{ME}:accesspoint/*", False),
        ("ArnLike", "s3:DataAccessPointArn", "arn:aws:s3:us-west-2:*:accesspoint/*", True),
        ("StringEquals", "s3:DataAccessPointAccount", ME, False),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/32", False),
        ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "2001:db8::/32"], False),
        ("IpAddress", "aws:SourceIp", "11.0.0.0/8", False),
        ("IpAddress", "aws:SourceIp", "0.0.0.0/1", True),
        ("IpAddress", "aws:SourceIp", "11.0.0.0/7", True),
        ("IpAddress", "aws:SourceIp", "2001::/16", True),
        ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "0.0.0.0/0"], True),
        ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", True),
        ("StringNotEquals", "aws:SourceAccount", ME, True),
        ("StringEqualsIfExists", "aws:SourceAccount", ME, True),
        ("ForAllValues:StringEquals", "aws:PrincipalOrgPaths", "o-1/r-1/", True),
        ("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", "o-1/r-1/", False),
        ("Bool", "aws:SecureTransport", "true", True),
        ("StringEquals", "aws:Referer", "http://example.com/", True),
        ("Null", "aws:SourceAccount", "false", True),
    ],
)
def test_by_condition(operator, key, value, public):
    assert under(**{operator: {key: value}}) is public


def test_one_pinning_condition_of_several_is_enough():
    assert not under(StringEquals={"aws:SourceAccount": ME}, Bool={"aws:SecureTransport": "true"})
