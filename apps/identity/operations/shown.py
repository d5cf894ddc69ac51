"""How IAM shows its rows: the dicts of the output shapes, and lists a page at a time."""

import base64
import binascii
import json
from collections import Counter
from urllib.parse import quote

from apps.identity import managed
from apps.identity.errors import ValidationError
from apps.identity.models import Attachment, IamUser, Role

PAGE = 100


def document(value):
    """Return a policy document as IAM answers it: URL-encoded (RFC 3986). Clients decode it."""
    return quote(json.dumps(value), safe="")


def tags(mapping):
    return [{"Key": key, "Value": value} for key, value in sorted(mapping.items())]


def boundary(entity):
    """Return the member PermissionsBoundary, if there is one."""
    if not entity.boundary:
        return {}
    kind = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": entity.boundary}
    return {"PermissionsBoundary": kind}


def _head(entity, kind):
    return {
        "Path": entity.path,
        f"{kind}Name": entity.name,
        f"{kind}Id": entity.unique_id,
        "Arn": entity.arn,
        "CreateDate": entity.created_at,
    }


def user(row, whole=True):
    """Return a User. whole: with what only Get and Create tell."""
    told = _head(row, "User")
    return told | boundary(row) | ({"Tags": tags(row.tags)} if row.tags else {}) if whole else told


def group(row):
    return _head(row, "Group")


def role(row, whole=True):
    """Return a Role. whole: with what ListRoles leaves out."""
    told = _head(row, "Role") | {
        "AssumeRolePolicyDocument": document(row.trust_policy),
        "MaxSessionDuration": row.max_session_seconds,
    }
    if row.description:
        told["Description"] = row.description
    if not whole:
        return told
    used = {"LastUsedDate": row.last_used_at, "Region": row.last_used_region} if row.last_used_at else {}
    return told | boundary(row) | {"RoleLastUsed": used} | ({"Tags": tags(row.tags)} if row.tags else {})


def uses(account):
    """Return how often an account uses each managed policy: (ARN -> attached, ARN -> as a boundary)."""
    attached = Counter(Attachment.objects.filter(account=account).values_list("policy_arn", flat=True))
    bounded = Counter()
    for model in (IamUser, Role):
        bounded.update(model.objects.filter(account=account).exclude(boundary="").values_list("boundary", flat=True))
    return attached, bounded


def policy(row, used, whole=True):
    """Return a Policy: of a ManagedPolicy or an AwsPolicy. used: what `uses` says of the account."""
    own = not isinstance(row, managed.AwsPolicy)
    attached, bounded = (counted[row.arn] for counted in used)
    told = {
        "PolicyName": row.name,
        "PolicyId": row.policy_id,
        "Arn": row.arn,
        "Path": row.path,
        "DefaultVersionId": f"v{row.default_version if own else row.version}",
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": bounded,
        "IsAttachable": True,
        "CreateDate": row.created_at if own else row.created,
        "UpdateDate": row.updated_at if own else row.updated,
    }
    if whole and row.description:
        told["Description"] = row.description
    if whole:
        told["Tags"] = tags(row.tags) if own else []
    return told


def versions(row):
    """Return the PolicyVersions of a ManagedPolicy or an AwsPolicy, newest first, each with its document."""
    if isinstance(row, managed.AwsPolicy):
        text = document(row.document)
        return [{"VersionId": f"v{row.version}", "IsDefaultVersion": True, "CreateDate": row.updated, "Document": text}]
    return [version(row, one) for one in row.versions.order_by("-number")]


def version(row, one):
    return {
        "VersionId": f"v{one.number}",
        "IsDefaultVersion": one.number == row.default_version,
        "CreateDate": one.created_at,
        "Document": document(one.document),
    }


def attached(entity, prefix="/"):
    """Return the AttachedPolicies of a user, group or role."""
    arns = sorted(
        entity.attachments.values_list("policy_arn", flat=True), key=lambda arn: arn.rpartition("/")[2].lower()
    )
    return [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns if _path(arn).startswith(prefix)]


def _path(arn):
    """Return the path in a policy's ARN.

    >>> _path("arn:aws:iam::aws:policy/service-role/AWSLambdaRole"), _path("arn:aws:iam::aws:policy/ReadOnlyAccess")
    ('/service-role/', '/')
    """
    return arn.partition(":policy")[2].rpartition("/")[0] + "/"


# -- pages --------------------------------------------------------------------------------------------


def page(request, items, member, key=str, limit=PAGE):
    """Return a page of a list and how to go on.

    items: all of them. key: what orders them, unique, case aside; the marker holds the last one's, so that a list that
    changes meanwhile neither repeats nor leaves out. Errors: ValidationError for a marker that is none of ours.
    """
    items = sorted(items, key=lambda item: key(item).lower())
    after = _read(request["Marker"]) if request.get("Marker") else None
    if after is not None:
        items = [item for item in items if key(item).lower() > after]
    limit = request.get("MaxItems") or limit
    told = {member: items[:limit], "IsTruncated": len(items) > limit}
    if told["IsTruncated"]:
        told["Marker"] = base64.urlsafe_b64encode(b"1:" + key(items[limit - 1]).lower().encode()).decode()
    return told


def _read(marker):
    try:
        text = base64.urlsafe_b64decode(marker.encode()).decode()
    except (binascii.Error, ValueError):
        text = ""
    if not text.startswith("1:"):
        raise ValidationError(f"Invalid Marker: {marker}")
    return text[2:]
