"""ACLs: who gets in by a grant, whose an object is, and what switches ACLs or their public grants off."""

import pytest

from apps.identity import accounts
from tests.buckets.asking import allow, body_of, new_bucket, nobody, refused, versioned, with_acls

GROUP = "http://acs.amazonaws.com/groups/global/"
OWN = "bucket-owner-full-control"


@pytest.fixture(scope="module")
def s3(module_account):
    return module_account.client("s3")


@pytest.fixture(scope="module")
def other(stack, module_account):
    """Return another account's lab."""
    return type(module_account)(accounts.create(name="other", email="other@example.org"), stack)


@pytest.fixture(scope="module")
def theirs(other):
    return other.client("s3")


@pytest.fixture(scope="module")
def anonymous(stack):
    return nobody(stack)


@pytest.fixture
def bucket(s3):
    return with_acls(s3)


def put(s3, bucket, key="k", **more):
    s3.put_object(Bucket=bucket, Key=key, Body=b"mine", **more)
    return {"Bucket": bucket, "Key": key}


def may(act, **parameters):
    """Tell whether an act is allowed; what is refused is refused as AccessDenied."""
    try:
        act(**parameters)
    except act.__self__.exceptions.ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, error
        return False
    return True


def grants(answer, mine):
    """Return {(who, permission)} of an ACL; the owner is "owner"."""
    found = set()
    for one in answer["Grants"]:
        who = one["Grantee"].get("ID") or one["Grantee"]["URI"].rpartition("/")[2]
        found.add(("owner" if who == mine else who, one["Permission"]))
    return found


# -- switched off, as every new bucket ----------------------------------------------------------------


def test_a_new_bucket_has_no_acls(module_account, s3):
    bucket = new_bucket(s3)
    where = put(s3, bucket, ACL=OWN)

    for act in (
        lambda: s3.put_bucket_acl(Bucket=bucket, ACL="private"),
        lambda: s3.put_object_acl(**where, ACL="public-read"),
        lambda: s3.put_object(**where, ACL="public-read"),
        lambda: s3.put_object(**where, GrantRead=f'uri="{GROUP}AllUsers"'),
        lambda: s3.create_multipart_upload(**where, ACL="authenticated-read"),
        lambda: s3.copy_object(Bucket=bucket, Key="copy", CopySource=where, ACL="public-read"),
    ):
        with refused("AccessControlListNotSupported", 400):
            act()
    mine = module_account.model.canonical_id
    assert grants(s3.get_bucket_acl(Bucket=bucket), mine) == {("owner", "FULL_CONTROL")}
    assert grants(s3.get_object_acl(**where), mine) == {("owner", "FULL_CONTROL")}
    assert s3.put_object(**where, GrantFullControl=f"id={mine}")


def test_a_bucket_may_not_have_both_acls_and_none(s3, bucket):
    with refused("InvalidBucketAclWithObjectOwnership", 400):
        new_bucket(s3, ACL="public-read", ObjectOwnership="BucketOwnerEnforced")
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    with refused("InvalidBucketAclWithObjectOwnership", 400):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=enforced)
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=enforced)
    for rules in ([], [{"ObjectOwnership": "Mine"}]):
        with refused("MalformedXML", 400):
            s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    with refused("OwnershipControlsNotFoundError", 404):
        s3.get_bucket_ownership_controls(Bucket=bucket)
    s3.put_bucket_acl(Bucket=bucket, ACL="private")


# -- canned --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("canned", "told", "stranger", "nobody_reads"),
    [
        ("private", set(), False, False),
        ("public-read", {("AllUsers", "READ")}, True, True),
        ("public-read-write", {("AllUsers", "READ"), ("AllUsers", "WRITE")}, True, True),
        ("authenticated-read", {("AuthenticatedUsers", "READ")}, True, False),
        ("bucket-owner-read", set(), False, False),
        (OWN, set(), False, False),
    ],
)
def test_a_canned_acl_of_an_object(module_account, s3, theirs, anonymous, bucket, canned, told, stranger, nobody_reads):
    mine = module_account.model.canonical_id
    for where in (put(s3, bucket, "at once", ACL=canned), put(s3, bucket, "later")):
        if where["Key"] == "later":
            s3.put_object_acl(**where, ACL=canned)

        assert grants(s3.get_object_acl(**where), mine) == {("owner", "FULL_CONTROL"), *told}
        assert may(theirs.get_object, **where) == may(theirs.head_object, **where) == stranger
        assert may(anonymous.get_object, **where) == nobody_reads
        assert not may(theirs.get_object_acl, **where) and not may(theirs.delete_object, **where)
        assert not may(theirs.put_object, **where) and not may(anonymous.put_object_acl, **where, ACL="public-read")


@pytest.mark.parametrize(
    ("canned", "reads", "writes"),
    [
        ("private", (), ()),
        ("public-read", ("theirs", "anonymous"), ()),
        ("public-read-write", ("theirs", "anonymous"), ("theirs", "anonymous")),
        ("authenticated-read", ("theirs",), ()),
        ("log-delivery-write", (), ()),
    ],
)
def test_a_canned_acl_of_a_bucket(s3, theirs, anonymous, bucket, canned, reads, writes):
    where = put(s3, bucket)
    s3.put_bucket_acl(Bucket=bucket, ACL=canned)

    for name, client in (("theirs", theirs), ("anonymous", anonymous)):
        for act in (
            client.list_objects_v2,
            client.list_object_versions,
            client.list_multipart_uploads,
            client.head_bucket,
        ):
            assert may(act, Bucket=bucket) == (name in reads), act.__name__
        assert not may(client.get_object, **where)
        assert may(client.put_object, Bucket=bucket, Key=name, Body=b"x") == (name in writes)
        assert may(client.delete_object, Bucket=bucket, Key=name) == (name in writes)
        for act in (
            client.get_bucket_acl,
            client.get_bucket_policy,
            client.delete_bucket,
            client.get_bucket_versioning,
        ):
            assert not may(act, Bucket=bucket)


def test_what_is_no_canned_acl_is_refused(s3, bucket):
    where = put(s3, bucket)
    for canned in ("public", "log-delivery-write", "Private"):
        with refused("InvalidArgument", 400):
            s3.put_object_acl(**where, ACL=canned)
    for canned in (OWN, "bucket-owner-read", "x"):
        with refused("InvalidArgument", 400):
            s3.put_bucket_acl(Bucket=bucket, ACL=canned)
    with refused("InvalidRequest", 400):
        s3.put_object_acl(**where, ACL="private", GrantRead=f"uri={GROUP}AllUsers")


# -- granted -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("READ", {"get_object"}),
        ("READ_ACP", {"get_object_acl"}),
        ("WRITE_ACP", {"put_object_acl"}),
        ("FULL_CONTROL", {"get_object", "get_object_acl", "put_object_acl"}),
        ("WRITE", set()),
    ],
)
def test_a_grant_on_an_object_allows_its_acts_and_no_others(other, s3, theirs, bucket, permission, allowed):
    where = put(s3, bucket)
    owner = s3.get_object_acl(**where)["Owner"]
    grantee = {"Type": "CanonicalUser", "ID": other.model.canonical_id}
    acl = {"Owner": owner, "Grants": [{"Grantee": grantee, "Permission": permission}]}

    s3.put_object_acl(**where, AccessControlPolicy=acl)

    found = {"get_object"} & {"get_object" for _ in [0] if may(theirs.get_object, **where)}
    found |= {"get_object_acl" for _ in [0] if may(theirs.get_object_acl, **where)}
    found |= {"put_object_acl" for _ in [0] if may(theirs.put_object_acl, **where, ACL="private")}
    assert found == allowed
    assert not may(theirs.delete_object, **where) and not may(theirs.get_object_tagging, **where)
    assert may(s3.get_object, **where)  # the owner keeps every right, granted or not


@pytest.mark.parametrize("spelled", ['id="{id}"', "id={id}", 'emailAddress="other@example.org"', 'id="{id}", id={id}'])
def test_a_grant_in_a_header(other, s3, theirs, bucket, spelled):
    where = put(s3, bucket, GrantRead=spelled.format(id=other.model.canonical_id))

    assert may(theirs.get_object, **where) and not may(theirs.get_object_acl, **where)


def test_grants_to_nobody_we_know_are_refused(s3, bucket):
    where = put(s3, bucket)
    with refused("InvalidArgument", 400):
        s3.put_object_acl(**where, GrantRead="id=" + "0" * 64)
    with refused("UnresolvableGrantByEmailAddress", 400):
        s3.put_object_acl(**where, GrantRead="emailAddress=nobody@example.org")
    with refused("InvalidArgument", 400):
        s3.put_object_acl(**where, GrantRead=f"uri={GROUP}Everyone")
    with refused("InvalidArgument", 400):
        s3.put_object_acl(**where, GrantRead="somebody")
    owner = s3.get_object_acl(**where)["Owner"]
    for grant in (
        {"Grantee": {"Type": "Group", "URI": f"{GROUP}AllUsers"}, "Permission": "EVERYTHING"},
        {"Grantee": {"Type": "Group"}, "Permission": "READ"},
    ):
        with refused("MalformedACLError", 400):
            s3.put_object_acl(**where, AccessControlPolicy={"Owner": owner, "Grants": [grant]})


def test_an_acl_cannot_give_a_thing_away(other, s3, bucket):
    where = put(s3, bucket)
    given = {"Owner": {"ID": other.model.canonical_id}, "Grants": []}

    with refused("AccessDenied", 403):
        s3.put_object_acl(**where, AccessControlPolicy=given)
    with refused("AccessDenied", 403):
        s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=given)


def test_each_version_has_an_acl_of_its_own(s3, anonymous):
    bucket = versioned(s3)
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.delete_public_access_block(Bucket=bucket)
    where = {"Bucket": bucket, "Key": "k"}
    old = s3.put_object(**where, Body=b"old")["VersionId"]
    new = s3.put_object(**where, Body=b"new")["VersionId"]

    s3.put_object_acl(**where, VersionId=old, ACL="public-read")

    assert body_of(anonymous, bucket, "k", VersionId=old) == b"old"
    assert not may(anonymous.get_object, **where) and not may(anonymous.get_object, **where, VersionId=new)


# -- whose an object is --------------------------------------------------------------------------------


def open_to(s3, bucket, other):
    """Let another account write into a bucket, and its owner keep theirs."""
    s3.put_bucket_acl(
        Bucket=bucket, GrantWrite=f"id={other.model.canonical_id}", GrantRead=f"id={other.model.canonical_id}"
    )


def test_who_writes_an_object_owns_it(module_account, other, s3, theirs, anonymous):
    bucket = with_acls(s3, "ObjectWriter")
    open_to(s3, bucket, other)
    where = put(theirs, bucket)

    assert body_of(theirs, bucket, "k") == b"mine"
    for act in (s3.get_object, s3.head_object, s3.get_object_acl, s3.get_object_tagging):
        assert not may(act, **where), act.__name__
    assert not may(s3.get_object_attributes, **where, ObjectAttributes=["ETag"])
    assert not may(s3.put_object_acl, **where, ACL="public-read")
    assert not may(s3.copy_object, Bucket=bucket, Key="copy", CopySource=where)
    listed = s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]
    assert listed["Owner"]["ID"] == other.model.canonical_id
    allow(s3, bucket, "*", "s3:GetObject*")  # a bucket's policy opens what its owner owns, and no more
    assert not may(anonymous.get_object, **where)
    assert may(anonymous.get_object, **put(s3, bucket, "own"))
    theirs.put_object_acl(**where, ACL="bucket-owner-read")
    assert may(s3.get_object, **where) and not may(s3.get_object_acl, **where)
    s3.delete_object(**where)  # it is their bucket


def test_a_writer_may_share_with_the_buckets_owner(other, s3, theirs):
    bucket = with_acls(s3, "ObjectWriter")
    open_to(s3, bucket, other)

    shared = put(theirs, bucket, "shared", ACL=OWN)

    assert may(s3.get_object, **shared) and may(s3.put_object_acl, **shared, ACL="private")
    assert grants(theirs.get_object_acl(**shared), other.model.canonical_id) == {("owner", "FULL_CONTROL")}


def test_under_owner_preferred_full_control_gives_the_object_away(other, s3, theirs):
    bucket = with_acls(s3, "BucketOwnerPreferred")
    open_to(s3, bucket, other)

    given, kept = put(theirs, bucket, "given", ACL=OWN), put(theirs, bucket, "kept")

    assert may(s3.get_object, **given) and not may(theirs.get_object, **given)
    assert may(theirs.get_object, **kept) and not may(s3.get_object, **kept)


def test_switching_acls_off_makes_everything_the_buckets_owners(other, s3, theirs, anonymous):
    bucket = with_acls(s3, "ObjectWriter")
    open_to(s3, bucket, other)
    where = put(theirs, bucket, ACL="public-read")
    s3.put_bucket_acl(Bucket=bucket, ACL="private")

    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )

    assert body_of(s3, bucket, "k") == b"mine" and not may(theirs.get_object, **where)
    assert not may(anonymous.get_object, **where)
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    assert may(anonymous.get_object, **where) and not may(s3.get_object_acl, **where)


def test_uploads_in_parts_and_copies_have_owners_too(other, s3, theirs):
    bucket = with_acls(s3, "ObjectWriter")
    open_to(s3, bucket, other)
    where = {"Bucket": bucket, "Key": "parts"}
    upload = theirs.create_multipart_upload(**where)["UploadId"]
    etag = theirs.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    theirs.complete_multipart_upload(
        **where, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )
    theirs.copy_object(Bucket=bucket, Key="copy", CopySource=where)

    for key in ("parts", "copy"):
        assert may(theirs.get_object, Bucket=bucket, Key=key) and not may(s3.get_object, Bucket=bucket, Key=key)


# -- block public access -------------------------------------------------------------------------------


def block(s3, bucket, **settings):
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=settings)


def test_block_public_acls_refuses_new_ones_and_leaves_the_old(s3, anonymous, bucket):
    old = put(s3, bucket, "old", ACL="public-read")
    block(s3, bucket, BlockPublicAcls=True)

    for act in (
        lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="public-read"),
        lambda: s3.put_object_acl(**old, ACL="authenticated-read"),
        lambda: s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write"),
        lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"", GrantRead=f"uri={GROUP}AllUsers"),
        lambda: s3.create_multipart_upload(Bucket=bucket, Key="k", ACL="public-read"),
    ):
        with refused("AccessDenied", 403):
            act()
    assert may(anonymous.get_object, **old)


def test_ignore_public_acls_lets_them_be_and_count_for_nothing(other, s3, theirs, anonymous, bucket):
    where = put(s3, bucket, ACL="public-read")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    named = put(s3, bucket, "named", GrantRead=f"id={other.model.canonical_id}")

    block(s3, bucket, IgnorePublicAcls=True)

    assert not may(anonymous.get_object, **where) and not may(theirs.get_object, **where)
    assert not may(anonymous.list_objects_v2, Bucket=bucket)
    assert may(theirs.get_object, **named)  # an account is not the public
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    put(s3, bucket, "new", ACL="public-read")  # may be set, and is ignored
    block(s3, bucket)
    assert may(anonymous.get_object, **where)


def test_restrict_public_buckets_shuts_a_public_policy_to_strangers_only(s3, theirs, anonymous, bucket):
    where = put(s3, bucket)
    allow(s3, bucket, "*", "s3:GetObject")
    assert may(anonymous.get_object, **where) and may(theirs.get_object, **where)

    block(s3, bucket, RestrictPublicBuckets=True)

    assert not may(anonymous.get_object, **where) and not may(theirs.get_object, **where)
    assert may(s3.get_object, **where)


def test_block_public_policy_refuses_public_policies_only(other, s3, bucket):
    block(s3, bucket, BlockPublicPolicy=True)

    with refused("AccessDenied", 403):
        allow(s3, bucket, "*", "s3:GetObject")
    with refused("AccessDenied", 403):
        allow(s3, bucket, "*", "s3:GetObject", Condition={"StringLike": {"aws:SourceIp": "*"}})
    allow(s3, bucket, {"AWS": other.account_id}, "s3:GetObject")
    allow(s3, bucket, "*", "s3:GetObject", Condition={"StringEquals": {"aws:SourceAccount": other.account_id}})
