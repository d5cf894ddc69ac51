"""Access control lists: canned ones, granted ones, and what they allow. Pure.

Words: a *grant* gives a *grantee* (an account by its canonical id, or a group by its URI) a *permission*.
A stored ACL is a list of grants without the owner's own, who always has FULL_CONTROL unless the owner
gave it up; None stands for that default alone.
Source: S3 User Guide, "Access control list (ACL) overview".
"""

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
GROUPS = (ALL_USERS, AUTHENTICATED, LOG_DELIVERY)
PERMISSIONS = ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL")
HEADERS = {
    "GrantFullControl": "FULL_CONTROL",
    "GrantRead": "READ",
    "GrantWrite": "WRITE",
    "GrantReadACP": "READ_ACP",
    "GrantWriteACP": "WRITE_ACP",
}
CANNED_FOR_BUCKETS = ("private", "public-read", "public-read-write", "authenticated-read", "log-delivery-write")
CANNED_FOR_OBJECTS = (
    "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
    "bucket-owner-full-control",
)  # fmt: skip

# IAM action -> the ACL permission that allows it, on a bucket or on an object ("How ACL permissions map").
ON_BUCKET = {
    "ListBucket": "READ",
    "ListBucketVersions": "READ",
    "ListBucketMultipartUploads": "READ",
    "PutObject": "WRITE",
    "DeleteObject": "WRITE",
    "DeleteObjectVersion": "WRITE",
    "AbortMultipartUpload": "WRITE",
    "ListMultipartUploadParts": "WRITE",
    "GetBucketAcl": "READ_ACP",
    "PutBucketAcl": "WRITE_ACP",
}
ON_OBJECT = {
    "GetObject": "READ",
    "GetObjectVersion": "READ",
    "GetObjectAcl": "READ_ACP",
    "GetObjectVersionAcl": "READ_ACP",
    "PutObjectAcl": "WRITE_ACP",
    "PutObjectVersionAcl": "WRITE_ACP",
}

# Actions on an object that is there, not on its place in a bucket: they ask its owner, and may ask its tags.
OF_THE_OBJECT = {
    f"{verb}{version}{what}"
    for verb, whats in (
        ("Get", ("", "Acl", "Tagging", "Attributes")),
        ("Put", ("Acl", "Tagging")),
        ("Delete", ("Tagging",)),
    )
    for version in ("Object", "ObjectVersion")
    for what in whats
}


def to_group(uri, permission):
    return {"uri": uri, "permission": permission}


def to_account(canonical_id, permission):
    return {"id": canonical_id, "permission": permission}


def canned(name, owner_id, bucket_owner_id):
    """Return the grants of a canned ACL's name. owner_id, bucket_owner_id: canonical ids."""
    mine = to_account(owner_id, "FULL_CONTROL")
    more = {
        "public-read": [to_group(ALL_USERS, "READ")],
        "public-read-write": [to_group(ALL_USERS, "READ"), to_group(ALL_USERS, "WRITE")],
        "authenticated-read": [to_group(AUTHENTICATED, "READ")],
        "log-delivery-write": [to_group(LOG_DELIVERY, "WRITE"), to_group(LOG_DELIVERY, "READ_ACP")],
        "bucket-owner-read": [to_account(bucket_owner_id, "READ")],
        "bucket-owner-full-control": [to_account(bucket_owner_id, "FULL_CONTROL")],
    }.get(name, [])
    if name in ("bucket-owner-read", "bucket-owner-full-control"):
        return [mine, *(grant for grant in more if grant["id"] != owner_id)]
    return [*more, mine]


def grants_of(stored, owner_id):
    """Return an ACL's grants in full."""
    return [to_account(owner_id, "FULL_CONTROL")] if stored is None else stored


def is_public(stored):
    """Tell whether an ACL opens something to everyone, or to everyone with an AWS account."""
    return any(grant.get("uri") in (ALL_USERS, AUTHENTICATED) for grant in stored or [])


def only_owner(stored, owner_id):
    """Tell whether an ACL gives nothing to anyone but the owner: what BucketOwnerEnforced demands."""
    return all(grant.get("id") == owner_id for grant in stored or [])


def allows(stored, owner_id, permission, caller_id, *, ignore_public=False):
    """Return the first grant that allows a permission, or None.

    caller_id: the asking account's canonical id, "" when anonymous. ignore_public: IgnorePublicAcls is on.
    """
    for grant in grants_of(stored, owner_id):
        if grant["permission"] not in (permission, "FULL_CONTROL"):
            continue
        if "id" in grant:
            if caller_id and grant["id"] == caller_id:
                return grant
            continue
        everyone = grant["uri"] == ALL_USERS or (grant["uri"] == AUTHENTICATED and caller_id)
        if everyone and not ignore_public:
            return grant
    return None


def sentence(grant):
    """Return what a grant allows, in words."""
    whom = f"the account {grant['id'][:12]}..." if "id" in grant else grant["uri"].rsplit("/", 1)[1]
    return f"The ACL grants {grant['permission']} to {whom}."
