"""What a resource policy may look like, in the words in which S3 refuses one. Pure.

identity_validation.py does the same for IAM's own documents.
Source: Amazon S3 User Guide, "Policies and permissions in Amazon S3"; IAM User Guide, "Grammar of the IAM JSON
policy language"; the messages are those the service gives.
"""

import json
import re
from collections.abc import Callable

from apps.identity import s3_actions
from apps.identity.conditions import known_operator
from apps.identity.documents import statements
from apps.identity.patterns import listed, matches

VERSIONS = ("2012-10-17", "2008-10-17")
TOP = {"Version", "Id", "Statement"}
ELEMENTS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip
ARN_PRINCIPAL = re.compile(
    r"arn:aws:iam::\d{12}:(root|user/[^*]+|role/[^*]+)|arn:aws:sts::\d{12}:(assumed-role|federated-user)/[^*]+"
)
NAMES = {
    "AWS": re.compile(rf"\*|\d{{12}}|(AIDA|AROA)[A-Z0-9]{{12,}}|{ARN_PRINCIPAL.pattern}"),
    "CanonicalUser": re.compile(r"[0-9a-f]{64}"),
    "Service": re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?"),
    "Federated": re.compile(r"[\w.-]+|arn:aws:iam::\d{12}:(saml|oidc)-provider/.+"),
}


class Malformed(ValueError):
    """A policy that the service would refuse; the message is the service's."""


class DuplicateKey(ValueError):
    """A document says the same element twice."""


def _once(pairs: list) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateKey()
    return found


def load(text: str):
    """Return what a JSON text says. Errors: ValueError, also for a key that stands twice in one object."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def parse(text: str) -> dict:
    """Return a document from its text. Errors: Malformed."""
    if not text.lstrip(" \t\r\n").startswith("{"):
        raise Malformed("Policies must be valid JSON and the first byte must be '{'")
    try:
        return load(text)
    except ValueError:
        raise Malformed("This policy contains invalid Json") from None


def validate(
    document: dict,
    resource_prefix: str | None = None,
    bucket: bool = True,
    principal_exists: Callable[[str], bool] | None = None,
) -> None:
    """Refuse what the real service refuses of a resource policy. Errors: Malformed.

    resource_prefix: the ARN that every resource must be or lie in ("arn:aws:s3:::photos"). bucket: the rules of S3
    apply besides the grammar. principal_exists: tells whether there is a user or role of an ARN; S3 refuses others.
    """
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        raise Malformed("The policy must contain a valid version string")
    if set(document) - TOP:
        raise Malformed(f"Unknown field {sorted(set(document) - TOP)[0]}")
    if not isinstance(document.get("Id", ""), str):
        raise Malformed("This policy contains invalid Json")
    if "Statement" not in document:
        raise Malformed("Missing required field Statement")
    if not statements(document) or not document["Statement"]:
        raise Malformed("Could not parse the policy: Statement is empty!")
    for statement in statements(document):
        _validate_statement(statement, resource_prefix, bucket, principal_exists)
    sids = [one["Sid"] for one in statements(document) if one.get("Sid")]
    if len(set(sids)) != len(sids):
        raise Malformed("The Statement Ids in the policy are not unique")


def _validate_statement(statement, prefix: str | None, bucket: bool, principal_exists) -> None:
    if not isinstance(statement, dict):
        raise Malformed("This policy contains invalid Json")
    if set(statement) - ELEMENTS:
        raise Malformed(f"Unknown field {sorted(set(statement) - ELEMENTS)[0]}")
    if not isinstance(statement.get("Sid", ""), str):
        raise Malformed("This policy contains invalid Json")
    effect = statement.get("Effect")
    if effect is None:
        raise Malformed("Missing required field Effect")
    if effect not in ("Allow", "Deny"):
        raise Malformed(f"Invalid effect: {effect}")
    principal = _one_of(statement, "Principal")
    actions = _texts(_one_of(statement, "Action"), "Policy has invalid action")
    resources = _texts(_one_of(statement, "Resource"), "Policy has invalid resource")
    if effect == "Allow" and "NotPrincipal" in statement:
        raise Malformed("Allow with NotPrincipal is not allowed.")
    validate_principal(principal, principal_exists)
    for resource in resources:
        _validate_resource(resource, prefix)
    _validate_conditions(statement.get("Condition", {}))
    if bucket:
        _validate_actions(statement, actions, resources, prefix)


def _one_of(statement: dict, name: str):
    """Return an element or its negation: one of the two, exactly."""
    if name not in statement and f"Not{name}" not in statement:
        raise Malformed(f"Missing required field {name}")
    if name in statement and f"Not{name}" in statement:
        raise Malformed(f"Statement has both {name} and Not{name}")
    return statement.get(name, statement.get(f"Not{name}"))


def _texts(element, message: str) -> list[str]:
    found = listed(element)
    if not found or not all(isinstance(one, str) and one for one in found):
        raise Malformed(message)
    return found


def validate_principal(principal, exists: Callable[[str], bool] | None = None) -> None:
    """Refuse a Principal that names nobody. Errors: Malformed."""
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal:
        raise Malformed("Invalid principal in policy")
    for kind, names in principal.items():
        if kind not in NAMES or not listed(names):
            raise Malformed("Invalid principal in policy")
        for name in listed(names):
            if not isinstance(name, str) or not (name == "*" or NAMES[kind].fullmatch(name)):
                raise Malformed("Invalid principal in policy")
            if exists and kind == "AWS" and ":" in name and not name.endswith(":root") and not exists(name):
                raise Malformed("Invalid principal in policy")


def _validate_resource(resource: str, prefix: str | None) -> None:
    """Refuse what is no ARN, or could not mean the bucket: its name may be a pattern that fits it."""
    if resource != "*" and not resource.startswith("arn:aws:"):
        raise Malformed("Policy has invalid resource")
    if prefix and (resource == "*" or not matches(resource.partition("/")[0], prefix)):
        raise Malformed("Policy has invalid resource")


def _validate_conditions(conditions) -> None:
    if not isinstance(conditions, dict):
        raise Malformed("This policy contains invalid Json")
    for operator, tests in conditions.items():
        if not known_operator(operator):
            raise Malformed(f"Invalid Condition type : {operator}")
        if not isinstance(tests, dict):
            raise Malformed("This policy contains invalid Json")
        for key, wanted in tests.items():
            if ":" not in key:
                raise Malformed("Policy has an invalid condition key")
            if not all(isinstance(one, str | int | float | bool) for one in listed(wanted)):
                raise Malformed("This policy contains invalid Json")


def _validate_actions(statement: dict, patterns: list[str], resources: list[str], prefix: str | None) -> None:
    """Refuse actions that are none of S3's, or apply to none of the resources, or know none of the conditions."""
    kinds = _kinds(resources, prefix) if "Resource" in statement else {"bucket", "object"}
    keys = [key for tests in statement.get("Condition", {}).values() for key in tests]
    unknown = [key for key in keys if key.lower().startswith("s3:") and s3_actions.actions_of(key) is None]
    meant = {pattern: s3_actions.meant(pattern) for pattern in patterns}
    if not all(meant.values()):
        raise Malformed("Policy has invalid action")
    if "NotAction" in statement:
        meant = {}
    if not all(any(s3_actions.KINDS[one] in kinds for one in names) for names in meant.values()):
        raise Malformed("Action does not apply to any resource(s) in statement")
    if unknown:
        raise Malformed("Policy has an invalid condition key")
    _validate_keys(keys, meant)


def _validate_keys(keys: list[str], meant: dict[str, list[str]]) -> None:
    for key in keys:
        known = s3_actions.actions_of(key)
        if known and not all(any(one.removeprefix("s3:") in known for one in names) for names in meant.values()):
            raise Malformed("Conditions do not apply to combination of actions and resources in statement")


def _kinds(resources: list[str], prefix: str | None) -> set[str]:
    """Return what kinds of resource some ARNs can mean."""
    found = set()
    for resource in resources:
        rest = resource.removeprefix(prefix) if prefix else resource.removeprefix("arn:aws:s3:::")
        if "/" in rest or rest.endswith("*"):
            found.add("object")
        if "/" not in rest:
            found.add("bucket")
    return found
