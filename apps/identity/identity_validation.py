"""What IAM's own documents may look like, in the words in which IAM refuses one. Pure.

Words: an *identity* policy hangs on a user, group or role (managed ones, boundaries and session policies look the
same): it has resources and no principal. A *trust* policy says who may assume a role: it has principals and no resource.
Source: IAM User Guide, "Grammar of the IAM JSON policy language", "IAM and AWS STS quotas"; the messages are those
the service gives with MalformedPolicyDocument.
"""

import re
from collections.abc import Callable

from apps.identity import conditions, validation
from apps.identity.documents import CURRENT, statements
from apps.identity.patterns import listed
from apps.identity.validation import ELEMENTS, TOP, VERSIONS, Malformed

# Characters without white space that the documents of one user, group or role, one managed or one trust policy may have.
LIMITS = {"user": 2048, "group": 5120, "role": 10240, "managed": 6144, "trust": 2048}
SYNTAX = "Syntax errors in policy."
Exists = Callable[[str], bool] | None
LEGACY = "The policy failed legacy parsing"
TRUST_ACTIONS = {
    "sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession",
    "sts:setsourceidentity", "sts:setcontext",
}  # fmt: skip
IAM_PATHS = (
    "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
    "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
)  # fmt: skip


def size(text: str) -> int:
    """Return a document's size as quotas count it: characters, white space aside."""
    return len(re.sub(r"\s", "", text))


def parse_identity(text: str) -> dict:
    """Return an identity policy from its text. Errors: Malformed."""
    try:
        document = validation.load(text)
    except ValueError:
        raise Malformed(SYNTAX) from None
    validate_identity(document)
    return document


def validate_identity(document) -> None:
    """Refuse what IAM refuses of a policy of users, groups and roles. Errors: Malformed."""
    if not isinstance(document, dict) or set(document) - TOP or document.get("Version", CURRENT) not in VERSIONS:
        raise Malformed(SYNTAX)
    found = statements(document)
    if not found or not isinstance(document.get("Id", ""), str) or not all(isinstance(one, dict) for one in found):
        raise Malformed(SYNTAX)
    if any("Principal" in one or "NotPrincipal" in one for one in found):
        raise Malformed("Policy document should not specify a principal.")
    for statement in found:
        _syntax(statement)
    if document.get("Version") != CURRENT:
        raise Malformed("Policy document must be version 2012-10-17 or greater.")
    if any(one["Effect"] not in ("Allow", "Deny") or not _dates_read(one) for one in found):
        raise Malformed(LEGACY)
    _sids(found)
    for statement in found:
        if not statement.get("Action", statement.get("NotAction")):
            raise Malformed("Policy statement must contain actions.")
    for statement in found:
        if not statement.get("Resource", statement.get("NotResource")):
            raise Malformed("Policy statement must contain resources.")
    for statement in found:
        for resource in listed(statement.get("Resource", statement.get("NotResource"))):
            _resource(resource)
        for action in listed(statement.get("Action", statement.get("NotAction"))):
            _action(action)


def _syntax(statement: dict) -> None:
    if set(statement) - ELEMENTS or str(statement.get("Effect")).lower() not in ("allow", "deny"):
        raise Malformed(SYNTAX)
    if not isinstance(statement.get("Sid", ""), str):
        raise Malformed(SYNTAX)
    for name in ("Action", "Resource"):
        if name in statement and f"Not{name}" in statement:
            raise Malformed(SYNTAX)
        for one in listed(statement.get(name, statement.get(f"Not{name}", []))):
            if not isinstance(one, str):
                raise Malformed(SYNTAX)
    _conditions(statement.get("Condition", {}))


def _conditions(block) -> None:
    if not isinstance(block, dict):
        raise Malformed(SYNTAX)
    for operator, tests in block.items():
        if not conditions.known_operator(operator) or not isinstance(tests, dict):
            raise Malformed(SYNTAX)
        for wanted in tests.values():
            if not all(isinstance(one, str | int | float | bool) for one in listed(wanted)):
                raise Malformed(SYNTAX)


def _dates_read(statement: dict) -> bool:
    """Tell whether each date of a statement's conditions is one."""
    for operator, tests in statement.get("Condition", {}).items():
        if not conditions.parts_of(operator)[1].startswith("date"):
            continue
        try:
            for wanted in tests.values():
                for one in listed(wanted):
                    conditions.moment(conditions.text_of(one))
        except conditions.MALFORMED:
            return False
    return True


def _sids(found: list[dict]) -> None:
    sids = [one["Sid"] for one in found if one.get("Sid")]
    if not all(re.fullmatch(r"[0-9A-Za-z]*", sid) for sid in sids):
        raise Malformed(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
        )
    if len(set(sids)) != len(sids):
        raise Malformed("Statement IDs (SID) in a single policy must be unique.")


def _resource(resource: str) -> None:
    if resource == "*":
        return
    if ":" not in resource:
        raise Malformed(f'Resource {resource} must be in ARN format or "*".')
    parts = resource.split(":", 5)
    parts += ["*"] * (6 - len(parts))
    arn, partition, service, region, _account, path = parts
    if arn != "arn":
        raise Malformed(f'Resource {resource} must be in ARN format or "*".')
    if partition not in ("aws", "*"):
        whole = ":".join(["arn", partition, *(part or "*" if part == "*" else part for part in parts[2:])])
        raise Malformed(f'Partition "{partition}" is not valid for resource "{whole}".')
    if not service or "*" in service or "?" in service:
        raise Malformed("Resource vendor must be fully qualified and cannot contain regexes.")
    if service == "iam" and region not in ("", "*"):
        raise Malformed(f"IAM resource {resource} cannot contain region information.")
    if service == "s3" and region not in ("", "*") and not path.startswith(("accesspoint/", "job/", "storage-lens/")):
        raise Malformed(f"Resource {resource} can not contain region information.")
    if service == "iam" and not path.startswith(IAM_PATHS) and not path.startswith("*") and path != "root":
        raise Malformed(f'IAM resource path must either be "*" or start with {", ".join(IAM_PATHS)}.')


def _action(action: str) -> None:
    if action == "*":
        return
    vendor, colon, name = action.partition(":")
    if not colon:
        raise Malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
    if ":" in name:
        raise Malformed("Actions/Condition can contain only one colon.")
    if not re.fullmatch(r"[a-zA-Z0-9.-]+", vendor):
        raise Malformed(f"Vendor {vendor} is not valid")


# -- trust policies -------------------------------------------------------------------------------


def parse_trust(text: str, principal_exists: Exists = None) -> dict:
    """Return a role's trust policy from its text. Errors: Malformed. principal_exists: see validate_trust."""
    try:
        document = validation.load(text)
    except ValueError:
        raise Malformed("This policy contains invalid Json") from None
    validate_trust(document, principal_exists)
    return document


def validate_trust(document, principal_exists: Exists = None) -> None:
    """Refuse what IAM refuses of a trust policy. Errors: Malformed.

    principal_exists: tells whether there is a user or role of an ARN; IAM refuses others.
    """
    if not isinstance(document, dict):
        raise Malformed("This policy contains invalid Json")
    if document.get("Version", CURRENT) not in VERSIONS:
        raise Malformed("The policy must contain a valid version string")
    if set(document) - TOP:
        raise Malformed(f"Unknown field {sorted(set(document) - TOP)[0]}")
    found = statements(document)
    if not found:
        raise Malformed("Could not parse the policy: Statement is empty!")
    for statement in found:
        _trust_statement(statement, principal_exists)
    sids = [one["Sid"] for one in found if one.get("Sid")]
    if len(set(sids)) != len(sids):
        raise Malformed("The Statement Ids in the policy are not unique")


def _trust_statement(statement, principal_exists: Exists) -> None:
    if not isinstance(statement, dict):
        raise Malformed("This policy contains invalid Json")
    if "Resource" in statement or "NotResource" in statement:
        raise Malformed(f"Has prohibited field {'Resource' if 'Resource' in statement else 'NotResource'}")
    if set(statement) - ELEMENTS:
        raise Malformed(f"Unknown field {sorted(set(statement) - ELEMENTS)[0]}")
    if "Effect" not in statement:
        raise Malformed("Missing required field Effect")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise Malformed(f"Invalid effect: {statement['Effect']}")
    if "NotPrincipal" in statement:
        allow = statement["Effect"] == "Allow"
        raise Malformed(
            "Allow with NotPrincipal is not allowed."
            if allow
            else "AssumeRole policy must not contain NotPrincipal field."
        )
    _trust_principal(statement, principal_exists)
    actions = listed(statement.get("Action", statement.get("NotAction", [])))
    if not actions:
        raise Malformed("Missing required field Action")
    if not all(isinstance(one, str) and one.lower() in TRUST_ACTIONS for one in actions):
        raise Malformed("AssumeRole policy may only specify STS AssumeRole actions.")
    for operator in _trust_conditions(statement):
        if not conditions.known_operator(operator):
            raise Malformed(f"Invalid Condition type : {operator}")


def _trust_principal(statement: dict, exists: Exists) -> None:
    principal = statement.get("Principal")
    if principal is None:
        raise Malformed("Missing required field Principal")
    if principal == {}:
        raise Malformed("Missing required field Principal cannot be empty!")
    if principal == "*":  # the same as {"AWS": "*"}
        return
    if not isinstance(principal, dict):
        raise Malformed("Principal must be a JSON object.")
    for kind, names in principal.items():
        if kind not in ("AWS", "Service", "Federated"):
            raise Malformed(f'Invalid principal in policy: "{kind}"')
        for name in listed(names):
            good = isinstance(name, str) and validation.NAMES[kind].fullmatch(name)
            if not good or (
                exists and kind == "AWS" and ":" in name and not name.endswith(":root") and not exists(name)
            ):
                raise Malformed(f'Invalid principal in policy: "{kind.upper()}":"{name}"')


def _trust_conditions(statement: dict) -> dict:
    block = statement.get("Condition", {})
    if not isinstance(block, dict) or not all(isinstance(tests, dict) for tests in block.values()):
        raise Malformed("This policy contains invalid Json")
    return block
