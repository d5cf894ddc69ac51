"""Who owns a new object and what its ACL is: ownership controls and the ACL members of a request.

Source: S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket"; "Blocking public access".
"""

import re

from apps.buckets import acl, errors
from apps.buckets.models import OBJECT_WRITER, OWNER_ENFORCED, OWNER_PREFERRED
from apps.identity.models import Account
from playground.wire.errors import AccessDenied

_GRANTEE = re.compile(r'\s*(id|uri|emailaddress)\s*=\s*(?:"([^"]*)"|([^,"]*))\s*', re.I)


def account_of(grantee):
    """Return the canonical id a grantee means. grantee: ("id" or "emailAddress", value). Errors: as S3's."""
    kind, value = grantee
    if kind == "emailaddress":
        account = Account.objects.filter(email__iexact=value).first() if value else None
        if account is None:
            raise errors.UnresolvableGrant()
        return account.canonical_id
    if not Account.objects.filter(canonical_id=value).exists():
        raise errors.InvalidArgument("Invalid id", ArgumentName="CanonicalUser/ID", ArgumentValue=value)
    return value


def _grant(kind, value, permission):
    if kind == "uri":
        if value not in acl.GROUPS:
            raise errors.InvalidArgument("Invalid group uri", ArgumentName="uri", ArgumentValue=value)
        return acl.to_group(value, permission)
    return acl.to_account(account_of((kind, value)), permission)


def _of_headers(request):
    """Return the grants of x-amz-grant-... members, or None when there are none."""
    found, named = [], False
    for name, permission in acl.HEADERS.items():
        if request.get(name) is None:
            continue
        named = True
        for part in request[name].split(","):
            hit = _GRANTEE.fullmatch(part)
            if not hit:
                raise errors.InvalidArgument("Argument format not recognized", ArgumentName=name, ArgumentValue=part)
            found.append(_grant(hit[1].lower(), hit[2] if hit[2] is not None else hit[3].strip(), permission))
    return found if named else None


def _of_document(document):
    """Return the grants of an AccessControlPolicy. Errors: MalformedACLError, InvalidArgument."""
    found = []
    for one in document.get("Grants") or []:
        grantee, permission = one.get("Grantee") or {}, one.get("Permission")
        if permission not in acl.PERMISSIONS:
            raise errors.MalformedAcl()
        if grantee.get("URI"):
            found.append(_grant("uri", grantee["URI"], permission))
        elif grantee.get("ID"):
            found.append(_grant("id", grantee["ID"], permission))
        elif "EmailAddress" in grantee:
            found.append(_grant("emailaddress", grantee["EmailAddress"], permission))
        else:
            raise errors.MalformedAcl()
    return found


def asked(request, owner, bucket_owner, canned_names):
    """Return the grants a request asks for, None when it asks for none. owner, bucket_owner: Accounts.

    Errors: InvalidArgument (an unknown canned ACL), InvalidRequest (canned and granted at once), those of grantees.
    """
    canned, granted, document = request.get("ACL"), _of_headers(request), request.get("AccessControlPolicy")
    if canned and granted is not None:
        raise errors.InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
    if canned and canned not in canned_names:
        raise errors.InvalidArgument("", ArgumentName="x-amz-acl", ArgumentValue=canned)
    if canned:
        return acl.canned(canned, owner.canonical_id, bucket_owner.canonical_id)
    if granted is not None:
        return granted
    return None if document is None else _of_document(document)


def check_public(ctx, bucket, grants):
    """Refuse a public ACL while BlockPublicAcls is on. Errors: AccessDenied."""
    if bucket.blocks("BlockPublicAcls") and acl.is_public(grants):
        ctx.trace.step("public access", "blocked", "BlockPublicAcls is on, and this ACL would be public.")
        raise AccessDenied("Access Denied because of the BlockPublicAcls setting in S3 Block Public Access.")


def of_new_object(ctx, bucket, request):
    """Return the columns {"owner", "acl"} of a new object.

    The writer owns it under ObjectWriter, and under BucketOwnerPreferred unless the write gives it away with
    bucket-owner-full-control. Errors: AccessControlListNotSupported, AccessDenied, those of asked().
    """
    writer = ctx.account if ctx.account is not None and ctx.principal.kind != "service" else bucket.account
    owner_id = bucket.account.canonical_id
    if bucket.ownership == OWNER_ENFORCED:
        _refuse_acls(request, owner_id, writer.pk == bucket.account_id)
        return {"owner": None, "acl": None}
    given_away = request.get("ACL") == "bucket-owner-full-control"
    foreign = writer.pk != bucket.account_id and not (bucket.ownership == OWNER_PREFERRED and given_away)
    owner = writer if foreign else bucket.account
    grants = asked(request, owner, bucket.account, acl.CANNED_FOR_OBJECTS)
    check_public(ctx, bucket, grants)
    return {"owner": owner if foreign else None, "acl": grants}


def _refuse_acls(request, owner_id, by_owner):
    """Under BucketOwnerEnforced a write may only say what holds anyway. by_owner: the bucket's account writes.

    The bucket's owner may say "private", which means the same of its own objects; rclone and Flysystem always do.
    """
    same = ("private", "bucket-owner-full-control") if by_owner else ("bucket-owner-full-control",)
    if request.get("ACL") not in (None, *same):
        raise errors.AclNotSupported()
    granted = _of_headers(request)
    if granted is not None and granted != [acl.to_account(owner_id, "FULL_CONTROL")]:
        raise errors.AclNotSupported()


def check_rule(ownership):
    """Refuse an ownership that is none. Errors: MalformedXML."""
    if ownership not in (OWNER_ENFORCED, OWNER_PREFERRED, OBJECT_WRITER):
        raise errors.MalformedXML()
