"""Is a resource policy public? What block public access goes by. Pure.

A policy is public until each of its allows is for *fixed* values: without wildcard and without variable, of
principals or of a condition key that pins the request to someone or somewhere.
Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of 'public'".
"""

from ipaddress import ip_network

from apps.identity.conditions import parts_of, text_of
from apps.identity.documents import statements
from apps.identity.patterns import listed

PINS = {
    "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
    "aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcevpc",
    "aws:sourcevpce", "aws:userid", "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
}  # fmt: skip
PINNING = {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"}
PRIVATE = [ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
BROADEST = {4: 8, 6: 32}  # bits; a network with fewer is as good as everyone


def is_public(document: dict | None) -> bool:
    """Tell whether a resource policy opens something to everyone.

    >>> is_public({"Statement": {"Effect": "Allow", "Principal": "*"}})
    True
    """
    return any(one.get("Effect") == "Allow" and not _pinned(one) for one in statements(document))


def _pinned(statement: dict) -> bool:
    if "Principal" in statement and _fixed_principal(statement["Principal"]):
        return True
    return any(
        _pins(operator, key.lower(), listed(wanted))
        for operator, tests in statement.get("Condition", {}).items()
        for key, wanted in tests.items()
    )


def _fixed_principal(principal) -> bool:
    """Tell whether a Principal names accounts, users, roles or services only: a web identity may be anyone's."""
    if not isinstance(principal, dict) or not principal or "Federated" in principal:
        return False
    return all("*" not in str(name) for names in principal.values() for name in listed(names))


def _pins(operator: str, key: str, wanted: list) -> bool:
    """Tell whether a test lets through only requests that have one of some fixed values."""
    quantifier, base, if_exists = parts_of(operator)
    if key not in PINS or base not in PINNING or if_exists or quantifier == "forallvalues":
        return False
    return bool(wanted) and all(_fixed(key, text_of(one)) for one in wanted)


def _fixed(key: str, value: str) -> bool:
    if key == "aws:sourceip":
        return _narrow(value)
    if key == "s3:dataaccesspointarn":  # a wildcard may stand for the access point's name
        parts = value.split(":", 5)
        value = ":".join(parts[:5]) if len(parts) == 6 and parts[5].startswith("accesspoint/") else value
    return not any(mark in value for mark in ("*", "?", "${"))


def _narrow(value: str) -> bool:
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return False
    private = network.version == 4 and any(network.subnet_of(one) for one in PRIVATE)
    return private or network.prefixlen >= BROADEST[network.version]
