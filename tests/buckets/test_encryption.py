"""Encryption at rest: nothing of a plain text is on disk, whatever way it was asked for, and every way reads back."""

import base64
import hashlib
import json
import uuid
from contextlib import suppress

import pytest

from apps.buckets.models import Object
from apps.kms import envelope
from tests.buckets.asking import MIB, allow, body_of, new_bucket, nobody, refused, upload

WAYS = ("default", "AES256", "aws:kms", "aws:kms:dsse", "SSE-C")
SIZES = {"inline": 2000, "file": 300_000}
CUSTOMER_KEY = b"0123456789abcdef-customer-key-32"


@pytest.fixture(scope="module")
def s3(module_account):
    return module_account.client("s3")


@pytest.fixture(scope="module")
def kms(module_account):
    return module_account.client("kms")


@pytest.fixture(scope="module")
def key_arn(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


@pytest.fixture(scope="module")
def bucket(s3):
    return new_bucket(s3)


def customer(key=CUSTOMER_KEY, prefix=""):
    """Return the members that carry a customer's key, as they travel."""
    said = {"Key": base64.b64encode(key).decode(), "KeyMD5": base64.b64encode(hashlib.md5(key).digest()).decode()}
    return {f"{prefix}SSECustomer{name}": value for name, value in {"Algorithm": "AES256", **said}.items()}


def asked(way, key_arn):
    """Return the members with which a write asks for a way."""
    if way == "default":
        return {}
    if way == "SSE-C":
        return customer()
    return {"ServerSideEncryption": way, **({"SSEKMSKeyId": key_arn} if way.startswith("aws:kms") else {})}


def shown(way):
    """Return the members with which a read opens it."""
    return customer() if way == "SSE-C" else {}


def text(size):
    """Return plain text that is nowhere else, and the piece of it to look for."""
    piece = f"PLAIN-{uuid.uuid4()}-TEXT".encode()
    return (piece * (size // len(piece) + 1))[:size], piece


def on_disk(stack, *pieces):
    """Return the files of the data directory that hold one of some pieces: database, its log, blobs, journals, logs."""
    found = []
    # "functions" holds runtimes, which are still being built perhaps.
    folders = [one for one in stack.data_dir.iterdir() if one.is_dir() and one.name != "functions"]
    files = [*stack.data_dir.iterdir(), *(path for folder in folders for path in folder.rglob("*"))]
    assert any(path.suffix == ".sqlite3-wal" for path in files)
    for path in files:
        if not path.is_file():
            continue
        with suppress(FileNotFoundError):  # a temporary file of another request
            data = path.read_bytes()
            found += [path.name for piece in pieces if piece in data]
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", WAYS)
def test_no_plain_text_is_on_disk_and_it_reads_back_in_any_range(stack, s3, bucket, key_arn, way, size):
    plain, piece = text(SIZES[size])
    where = {"Bucket": bucket, "Key": f"{way}/{size}"}

    put = s3.put_object(**where, Body=plain, **asked(way, key_arn))

    assert (Object.objects.get(bucket__name=bucket, key=where["Key"]).inline is None) == (size == "file")
    assert on_disk(stack, piece) == []
    assert put["ETag"] == f'"{hashlib.md5(plain).hexdigest()}"'
    assert s3.get_object(**where, **shown(way))["Body"].read() == plain
    last = len(plain) - 1
    for first, end in [(0, 0), (1, 16), (15, 17), (16, 31), (1000, 1999), (last, last), (last - 33, last)]:
        got = s3.get_object(**where, Range=f"bytes={first}-{end}", **shown(way))
        assert got["Body"].read() == plain[first : end + 1]
        assert got["ContentRange"] == f"bytes {first}-{end}/{len(plain)}"


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_tells_how_an_object_is_kept(s3, bucket, key_arn, way):
    where = {"Bucket": bucket, "Key": f"told/{way}"}
    put = s3.put_object(**where, Body=b"x", **asked(way, key_arn))
    upload(s3, bucket, "told/parts", [b"x"], **asked(way, key_arn))

    parts = s3.head_object(Bucket=bucket, Key="told/parts", **shown(way))
    for answer in (put, s3.head_object(**where, **shown(way)), s3.get_object(**where, **shown(way)), parts):
        if way == "SSE-C":
            assert answer["SSECustomerAlgorithm"] == "AES256" and "ServerSideEncryption" not in answer
            assert answer["SSECustomerKeyMD5"] == customer()["SSECustomerKeyMD5"]
        else:
            assert answer["ServerSideEncryption"] == (way if way != "default" else "AES256")
            assert answer.get("SSEKMSKeyId") == (key_arn if way.startswith("aws:kms") else None)


@pytest.mark.parametrize("way", WAYS)
def test_parts_are_encrypted_too_and_ranges_cross_their_borders(stack, s3, bucket, key_arn, way):
    (first, piece), (second, other) = text(5 * MIB), text(100_001)
    key, plain = f"parts/{way}", first + second

    upload(s3, bucket, key, [first, second], **asked(way, key_arn))

    assert on_disk(stack, piece, other) == []
    assert body_of(s3, bucket, key, **shown(way)) == plain
    edge = 5 * MIB
    for start, end in [(edge - 1, edge), (edge - 17, edge + 40), (edge, edge + 15), (len(plain) - 5, len(plain) - 1)]:
        assert body_of(s3, bucket, key, Range=f"bytes={start}-{end}", **shown(way)) == plain[start : end + 1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("to", WAYS)
@pytest.mark.parametrize("source", WAYS)
def test_a_copy_goes_from_every_way_to_every_way(s3, bucket, key_arn, source, to, size):
    plain, _piece = text(SIZES[size])
    s3.put_object(Bucket=bucket, Key="copy/from", Body=plain, **asked(source, key_arn))
    opens = customer(prefix="CopySource") if source == "SSE-C" else {}

    copied = s3.copy_object(
        Bucket=bucket, Key="copy/to", CopySource=f"{bucket}/copy/from", **opens, **asked(to, key_arn)
    )

    assert copied["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(plain).hexdigest()}"'
    s3.delete_object(Bucket=bucket, Key="copy/from")
    assert body_of(s3, bucket, "copy/to", **shown(to)) == plain


@pytest.mark.parametrize("to", WAYS)
@pytest.mark.parametrize("source", WAYS)
def test_a_part_is_copied_from_every_way_to_every_way(s3, bucket, key_arn, source, to):
    plain, _piece = text(300_000)
    s3.put_object(Bucket=bucket, Key="part/from", Body=plain, **asked(source, key_arn))
    where = {"Bucket": bucket, "Key": "part/to"}
    where["UploadId"] = s3.create_multipart_upload(**where, **asked(to, key_arn))["UploadId"]
    opens = customer(prefix="CopySource") if source == "SSE-C" else {}

    part = s3.upload_part_copy(
        **where,
        PartNumber=1,
        CopySource=f"{bucket}/part/from",
        CopySourceRange="bytes=1001-299998",
        **opens,
        **shown(to),
    )
    listed = [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": listed})

    assert body_of(s3, bucket, "part/to", **shown(to)) == plain[1001:299999]


# -- the customer's key -------------------------------------------------------------------------------


def test_without_the_customers_key_nothing_is_told(s3, bucket):
    where = {"Bucket": bucket, "Key": "mine"}
    s3.put_object(**where, Body=b"secret", **customer())

    for wrong in ({}, customer(b"another-customer-key-of-32-bytes")):
        with refused("InvalidRequest", 400):
            s3.get_object(**where, **wrong)
        with refused("400", 400):
            s3.head_object(**where, **wrong)
        with refused("InvalidRequest", 400):
            s3.get_object_attributes(**where, ObjectAttributes=["ETag"], **wrong)
        opens = {f"CopySource{name}": value for name, value in wrong.items()}
        with refused("InvalidRequest", 400):
            s3.copy_object(Bucket=bucket, Key="stolen", CopySource=f"{bucket}/mine", **opens)
    s3.put_object(Bucket=bucket, Key="open", Body=b"x")
    with refused("InvalidRequest", 400):
        s3.get_object(Bucket=bucket, Key="open", **customer())


def test_the_customers_key_is_kept_nowhere(stack, s3, bucket):
    s3.put_object(Bucket=bucket, Key="kept", Body=b"x" * 9000, **customer())
    upload(s3, bucket, "kept", [b"y"], **customer())

    encoded = base64.b64encode(CUSTOMER_KEY)
    assert on_disk(stack, CUSTOMER_KEY, encoded) == []


def test_bad_customers_keys_are_refused(s3, bucket):
    good = customer()
    for wrong in (
        {**good, "SSECustomerAlgorithm": "AES128"},
        {**good, "SSECustomerKeyMD5": base64.b64encode(b"0" * 16).decode()},
        customer(b"too short"),
        {**good, "ServerSideEncryption": "AES256"},
    ):
        with refused("InvalidArgument" if "AES128" not in wrong.values() else "InvalidEncryptionAlgorithmError", 400):
            s3.put_object(Bucket=bucket, Key="bad", Body=b"x", **wrong)
    with refused("InvalidArgument", 400):
        s3.put_object(Bucket=bucket, Key="bad", Body=b"x", ServerSideEncryption="aes")
    with refused("InvalidArgument", 400):
        s3.put_object(Bucket=bucket, Key="bad", Body=b"x", ServerSideEncryption="AES256", SSEKMSKeyId="alias/aws/s3")


def test_every_part_needs_the_uploads_key(s3, bucket):
    where = {"Bucket": bucket, "Key": "sealed"}
    where["UploadId"] = s3.create_multipart_upload(**where, **customer())["UploadId"]

    for wrong in ({}, customer(b"another-customer-key-of-32-bytes")):
        with refused("InvalidRequest", 400):
            s3.upload_part(**where, PartNumber=1, Body=b"x", **wrong)
    s3.upload_part(**where, PartNumber=1, Body=b"x", **customer())


# -- keys of KMS --------------------------------------------------------------------------------------


def test_a_key_that_is_switched_off_opens_nothing_until_it_is_on_again(s3, kms, bucket):
    own = kms.create_key()["KeyMetadata"]["Arn"]
    for name in ("small", "large"):
        s3.put_object(
            Bucket=bucket, Key=name, Body=name.encode() * 2000, ServerSideEncryption="aws:kms", SSEKMSKeyId=own
        )

    kms.disable_key(KeyId=own)

    for name in ("small", "large"):
        with refused("KMS.DisabledException", 400):
            s3.get_object(Bucket=bucket, Key=name)
        with refused("KMS.DisabledException", 400):
            s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/{name}")
    with refused("KMS.DisabledException", 400):
        s3.put_object(Bucket=bucket, Key="new", Body=b"", ServerSideEncryption="aws:kms", SSEKMSKeyId=own)
    kms.enable_key(KeyId=own)
    assert body_of(s3, bucket, "large") == b"large" * 2000
    kms.schedule_key_deletion(KeyId=own, PendingWindowInDays=7)
    with refused("KMS.KMSInvalidStateException", 400):
        s3.get_object(Bucket=bucket, Key="small")
    with refused("KMS.NotFoundException", 400):
        s3.put_object(
            Bucket=bucket, Key="new", Body=b"", ServerSideEncryption="aws:kms",
            SSEKMSKeyId="0e3a8b0a-9f4e-4c1e-8a52-111111111111",
        )  # fmt: skip


def row_of(bucket, key):
    row = Object.objects.get(bucket__name=bucket, key=key)
    return row.pk, row.blobs, bytes(row.inline or b""), row.encryption


def test_rotating_keys_writes_no_object_anew(module_account, s3, kms, bucket):
    own = kms.create_key()["KeyMetadata"]["Arn"]
    said = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": own}
    for number in range(2):
        s3.put_object(Bucket=bucket, Key=f"kms/{number}", Body=b"k" * (10 + number * 9000), **said)
        s3.put_object(Bucket=bucket, Key=f"s3/{number}", Body=b"s" * (10 + number * 9000))
    names = ["kms/0", "kms/1", "s3/0", "s3/1"]
    before = [row_of(bucket, name) for name in names]

    kms.rotate_key_on_demand(KeyId=own)
    envelope.rotate(module_account.model)

    assert [row_of(bucket, name) for name in names] == before
    assert [body_of(s3, bucket, name)[:1] for name in names] == [b"k", b"k", b"s", b"s"]
    s3.put_object(Bucket=bucket, Key="kms/new", Body=b"new", **said)
    assert body_of(s3, bucket, "kms/new") == b"new"


def test_who_may_not_use_the_key_may_not_read_the_object(stack, classmate, s3, bucket, key_arn):
    s3.put_object(Bucket=bucket, Key="sealed", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key_arn)
    s3.put_object(Bucket=bucket, Key="plain", Body=b"x")
    s3.delete_public_access_block(Bucket=bucket)
    allow(s3, bucket, "*", "s3:*")
    theirs, anonymous = classmate.client("s3"), nobody(stack)

    assert body_of(theirs, bucket, "plain") == body_of(anonymous, bucket, "plain") == b"x"
    with refused("AccessDenied", 403):
        theirs.get_object(Bucket=bucket, Key="sealed")
    with refused("InvalidArgument", 400):
        anonymous.get_object(Bucket=bucket, Key="sealed")
    with refused("AccessDenied", 403):
        theirs.put_object(Bucket=bucket, Key="new", Body=b"", ServerSideEncryption="aws:kms", SSEKMSKeyId=key_arn)
    with refused("AccessDenied", 403):
        theirs.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/sealed")
    s3.delete_bucket_policy(Bucket=bucket)


def test_a_key_without_an_account_is_the_requesters(account, classmate):
    s3, theirs = account.client("s3"), classmate.client("s3")
    bucket = new_bucket(s3)
    allow(s3, bucket, {"AWS": classmate.account_id}, "s3:PutObject")

    told = theirs.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms")["SSEKMSKeyId"]

    assert told.split(":")[4] == classmate.account_id
    with refused("AccessDenied", 403):
        s3.get_object(Bucket=bucket, Key="k")


def test_a_key_is_of_the_buckets_region_whatever_the_request_was_signed_for(account):
    s3 = account.client("s3")
    bucket = new_bucket(s3, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    far = account.client("kms", region="eu-west-1").create_key()["KeyMetadata"]["KeyId"]

    told = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=far)

    assert told["SSEKMSKeyId"].split(":")[3] == "eu-west-1"
    assert body_of(s3, bucket, "k") == body_of(account.client("s3", region="eu-west-1"), bucket, "k") == b"x"


# -- the bucket's default -----------------------------------------------------------------------------


def default(s3, bucket, algorithm, key=None, bucket_key=False):
    by_default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
    rules = [{"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": bucket_key}]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def test_the_default_holds_for_writes_that_do_not_say(s3, key_arn):
    bucket = new_bucket(s3)
    before = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert before["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}

    default(s3, bucket, "aws:kms", key_arn, bucket_key=True)

    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    upload(s3, bucket, "parts", [b"x"])
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    for name in ("k", "parts", "copy"):
        head = s3.head_object(Bucket=bucket, Key=name)
        assert head["SSEKMSKeyId"] == key_arn and head["BucketKeyEnabled"] is True
        assert body_of(s3, bucket, name) == b"x"
    own = s3.put_object(Bucket=bucket, Key="own", Body=b"x", ServerSideEncryption="AES256")
    assert own["ServerSideEncryption"] == "AES256" and "SSEKMSKeyId" not in own
    s3.put_object(Bucket=bucket, Key="sealed", Body=b"x", **customer())
    assert body_of(s3, bucket, "sealed", **customer()) == b"x"
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"
    assert body_of(s3, bucket, "copy") == b"x"


def test_bad_defaults_are_refused(s3, bucket, key_arn):
    with refused("InvalidArgument", 400):
        default(s3, bucket, "AES256", key_arn)
    for rules in ([], [{}], [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "rot13"}}]):
        with refused("MalformedXML", 400):
            s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def test_an_encryption_context_is_kept_and_must_be_a_map(s3, bucket, key_arn):
    said = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_arn}
    context = base64.b64encode(json.dumps({"project": "x"}).encode()).decode()
    s3.put_object(Bucket=bucket, Key="c", Body=b"x", SSEKMSEncryptionContext=context, **said)

    assert body_of(s3, bucket, "c") == b"x"
    assert row_of(bucket, "c")[3]["context"]["project"] == "x"
    for wrong in ("%%%", base64.b64encode(b"[1]").decode(), base64.b64encode(b'{"a": 1}').decode()):
        with refused("InvalidArgument", 400):
            s3.put_object(Bucket=bucket, Key="c", Body=b"x", SSEKMSEncryptionContext=wrong, **said)


def test_a_policy_may_demand_a_way(classmate, s3, key_arn):
    bucket = new_bucket(s3)
    condition = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    allow(s3, bucket, "*", "s3:PutObject", effect="Deny", Condition=condition)

    with refused("AccessDenied", 403):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms")
