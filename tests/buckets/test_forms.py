"""Uploads from a browser's form: the stream, the policy, both signatures, and what the answer says."""

import base64
import hashlib
import hmac
import html
import io
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.buckets import forms
from apps.identity import sessions
from apps.observability import traces
from playground import clock
from playground.wire.context import Principal
from playground.wire.errors import ServiceError
from tests import journey
from tests.buckets.test_strangers import allow

BOUNDARY = "----form"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def part(name, value, filename=None):
    named = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"


def multipart(fields, file=b"hello", filename="photo.jpg", after=b""):
    """Return a form's body. fields: a dict, in order; the file comes last but for `after`."""
    parts = [part(name, value) for name, value in fields.items()]
    last = [] if file is None else [part("file", file, filename)]
    return b"".join([*parts, *last, after, f"--{BOUNDARY}--\r\n".encode()])


class Trickle(io.BytesIO):
    """A body that arrives a few bytes at a time."""

    def __init__(self, data, step):
        super().__init__(data)
        self.step = step

    def read(self, size=-1):
        return super().read(min(size, self.step) if size >= 0 else self.step)


def read(data, step=7):
    return forms.read_form(Trickle(data, step), BOUNDARY.encode())


def refused(call, *arguments):
    with pytest.raises(ServiceError) as found:
        call(*arguments)
    return found.value


# -- the stream -----------------------------------------------------------------------------------


def test_names_of_fields_have_no_case_and_later_parts_are_ignored():
    form = read(multipart({"KEY": "a", "x-amz-meta-Tint": "blue"}, after=part("acl", "public-read")))

    assert form.fields == {"key": "a", "x-amz-meta-tint": "blue"} and form.sent["key"] == "KEY"
    assert form.file.read() == b"hello" and form.file.read(10) == b""


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 60), st.integers(1, 50))
def test_the_file_is_what_was_sent_however_it_arrives(content, step, size):
    tricky = content + b"\r\n--" + BOUNDARY.encode()[:-1] + b"\r\n"

    file = read(multipart({"key": "k"}, tricky), step).file

    assert b"".join(iter(lambda: file.read(size), b"")) == tricky


@pytest.mark.parametrize(
    ("filename", "key"),
    [
        ("photo.jpg", "in/photo.jpg"),
        ("C:\\photos\\a.jpg", "in/a.jpg"),
        ("x/y.jpg", "in/y.jpg"),
        ("", "in/"),
        (None, "in/${filename}"),
    ],
)
def test_the_file_gives_the_key_its_name(filename, key):
    assert read(multipart({"key": "in/${filename}"}, filename=filename)).fields["key"] == key


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (multipart({"key": "k"}, None), "InvalidArgument"),
        (b"no form at all", "MalformedPOSTRequest"),
        (b"", "MalformedPOSTRequest"),
        (multipart({"key": "k" * 30_000}), "MaxPostPreDataLengthExceeded"),
        (multipart({f"field-{n}": "x" * 1000 for n in range(25)}), "MaxPostPreDataLengthExceeded"),
    ],
)
def test_what_is_no_form_is_refused(data, code):
    assert refused(read, data).code == code


def test_a_file_without_its_boundary_is_refused():
    file = read(multipart({"key": "k"})[:-20]).file

    assert refused(file.read).code == "MalformedPOSTRequest"


def test_a_body_of_another_type_is_refused():
    assert refused(forms.boundary_of, "text/html").code == "PreconditionFailed"
    assert refused(forms.boundary_of, "multipart/form-data").code == "MalformedPOSTRequest"


@pytest.mark.parametrize(
    ("size", "least", "most", "code"),
    [
        (5, 5, 10, None),
        (10, 5, 10, None),
        (12, 5, 10, "EntityTooLarge"),
        (1, 5, 10, "EntityTooSmall"),
        (3, -1, 0, "EntityTooLarge"),
        (0, 0, 0, None),
    ],
)
def test_the_size_is_held_while_the_bytes_arrive(size, least, most, code):
    file = read(multipart({"key": "k"}, b"x" * size)).file
    file.least, file.most = least, most

    if code is None:
        assert len(file.read()) == size
    else:
        error = refused(file.read)
        assert error.code == code and error.status == 400 and error.fields["ProposedSize"] == size


# -- the policy -----------------------------------------------------------------------------------


def written(conditions, **other):
    document = {"expiration": "2026-11-24T13:00:00Z", "conditions": conditions, **other}
    return base64.b64encode(json.dumps(document).encode()).decode()


def checked(conditions, fields):
    form = forms.Form({name.lower(): value for name, value in fields.items()}, {n.lower(): n for n in fields}, None)
    return forms.check(forms.read_policy(written(conditions)), form, "photos", NOW)


@pytest.mark.parametrize(
    ("conditions", "fields"),
    [
        ([{"bucket": "photos"}, ["starts-with", "$key", "in/"]], {"key": "in/a"}),
        ([["eq", "$Key", "a"], {"ACL": "private"}], {"key": "a", "acl": "private"}),
        ([["StArTs-WiTh", "$KeY", ""]], {"kEy": "anything"}),
        (
            [["starts-with", "$Content-Type", "image/"], {"key": "a"}],
            {"key": "a", "Content-Type": "image/png,image/gif"},
        ),
        ([{"key": "a"}], {"key": "a", "x-ignore-me": "1", "x-amz-checksum-crc32": "AAAAAA==", "x-amz-signature": "s"}),
        ([{"key": "a"}, ["starts-with", "$x-amz-server-side-encryption", ""]], {"key": "a"}),
    ],
)
def test_a_form_that_keeps_its_policy_is_let_through(conditions, fields):
    assert checked(conditions, fields) == (0, None)


@pytest.mark.parametrize(
    ("conditions", "fields", "message"),
    [
        ([{"key": "a"}], {"key": "b"}, 'Policy Condition failed: ["eq", "$key", "a"]'),
        ([{"bucket": "other"}], {"bucket": "other"}, 'Policy Condition failed: ["eq", "$bucket", "other"]'),
        ([["starts-with", "$key", "in/"]], {"key": "IN/a"}, 'Policy Condition failed: ["starts-with", "$key", "in/"]'),
        ([["eq", "key", "a"]], {"key": "a"}, 'Policy Condition failed: ["eq", "key", "a"]'),
        (
            [["starts-with", "$Content-Type", ""]],
            {"key": "a"},
            'Policy Condition failed: ["starts-with", "$Content-Type", ""]',
        ),
        (
            [["starts-with", "$Content-Type", "image/"], {"key": "a"}],
            {"key": "a", "Content-Type": "image/png, text/html"},
            'Policy Condition failed: ["starts-with", "$Content-Type", "image/"]',
        ),
        (
            [{"key": "a"}, ["content-length-range", "test", "10"]],
            {"key": "a"},
            'Policy Condition failed: ["content-length-range", "test", "10"]',
        ),
        ([{"key": "a"}], {"key": "a", "Tagging": "x"}, "Extra input fields: Tagging"),
    ],
)
def test_a_form_that_breaks_its_policy_is_refused(conditions, fields, message):
    error = refused(checked, conditions, fields)

    assert (error.code, error.status, error.message) == ("AccessDenied", 403, f"Invalid according to Policy: {message}")


def test_sizes_of_several_conditions_all_hold():
    ranges = [["content-length-range", 1, 100], ["content-length-range", "5", "50"], {"key": "a"}]

    assert checked(ranges, {"key": "a"}) == (5, 50)


def test_a_policy_ends():
    policy = forms.read_policy(written([]))
    form = forms.Form({}, {}, None)

    assert forms.check(policy, form, "photos", NOW) == (0, None)
    error = refused(forms.check, policy, form, "photos", NOW + timedelta(hours=1, seconds=1))
    assert error.message == "Invalid according to Policy: Policy expired."


def encoded(document):
    return base64.b64encode(json.dumps(document).encode()).decode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("?", "invalid Base64 encoding."),
        (base64.b64encode(b"{'a': 1}").decode(), "Invalid JSON."),
        (base64.b64encode(b"\xff").decode(), "Invalid JSON."),
        (encoded([]), "Invalid JSON."),
        (encoded({"Statement": []}), "Unexpected: 'statement'"),
        (encoded({"EXPIRATION": "", "conditions": []}), "Unexpected: 'expiration'"),
        (encoded({"conditions": []}), "Policy missing expiration."),
        (encoded({"expiration": "2026-11-24T13:00:00Z"}), "Policy missing conditions."),
        (written([], expiration="2026-11-24 13:00:00"), "Invalid 'expiration' value: '2026-11-24 13:00:00'"),
        (written([], expiration="2026-13-24T13:00:00Z"), "Invalid 'expiration' value: '2026-13-24T13:00:00Z'"),
        (written({}), "Invalid 'conditions' value: must be a List."),
        (
            written([{}]),
            "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
        ),
        (written([{"key": 1}]), "Invalid Simple-Condition: value must be a string."),
        (written([[]]), "Invalid Condition: missing operation identifier."),
        (written([["like", "$key", "a"]]), "Invalid Condition: unknown operation 'like'."),
        (written([["content-length-range", 0]]), "Invalid content-length-range: wrong number of arguments."),
        (written([["content-length-range", 0, 1.5]]), "Invalid JSON."),
        (written([["eq", "$key", None]]), "Invalid JSON."),
        (written(["key"]), "Invalid condition test: must be a List or Object."),
    ],
)
def test_what_is_no_policy_is_refused(text, message):
    error = refused(forms.read_policy, text)

    assert (error.code, error.status, error.message) == ("InvalidPolicyDocument", 400, f"Invalid Policy: {message}")


# -- over the wire --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def s3(module_account):
    return module_account.client("s3")


@pytest.fixture(scope="module")
def bucket(module_account, s3):
    name = f"forms-{module_account.account_id}"
    s3.create_bucket(Bucket=name)
    return name


def post(stack, bucket, fields, file=b"hello", filename="photo.jpg", host=None):
    """Send a form. host: of virtual-host style, which posts to / instead of to the bucket's path."""
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    url = stack.aws_url + ("/" if host else f"/{bucket}")
    return journey.request(url, "POST", host, headers, multipart(fields, file, filename))


def presigned(lab, bucket, key, version="s3v4", token=None, **more):
    """Return the fields that boto3 makes for a form."""
    key_id, secret = (lab.access_key, lab.secret_key) if token is None else token[:2]
    client = boto3.client(
        "s3",
        endpoint_url=lab.stack.aws_url,
        region_name="us-east-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token and token[2],
        config=Config(signature_version=version),
    )
    return client.generate_presigned_post(bucket, key, **more)["fields"]


def error(answer):
    found = [re.search(f"<{name}>(.*?)</{name}>", answer.body.decode())[1] for name in ("Code", "Message")]
    return [html.unescape(text) for text in found]


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_the_form_of_boto3_uploads(module_account, stack, s3, bucket, version):
    fields = presigned(module_account, bucket, f"{version}/${{filename}}", version)

    answer = post(stack, bucket, fields)

    assert answer.status == 204 and answer.body == b""
    assert answer.headers["etag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    assert answer.headers["location"] == f"{stack.aws_url}/{bucket}/{version}%2Fphoto.jpg"
    got = s3.get_object(Bucket=bucket, Key=f"{version}/photo.jpg")
    assert got["Body"].read() == b"hello" and got["ContentType"] == "binary/octet-stream"


def test_a_form_may_post_to_the_name_of_the_bucket(module_account, stack, s3, bucket):
    host = f"{bucket}.s3.localhost"

    answer = post(stack, bucket, presigned(module_account, bucket, "virtual"), host=host)

    assert answer.status == 204 and answer.headers["location"] == f"http://{host}/virtual"
    s3.head_object(Bucket=bucket, Key="virtual")


def test_a_form_signed_by_a_session_uploads(module_account, stack, bucket):
    account = module_account.model
    root = Principal("root", account.root_arn, account.account_id, "root", temporary=True)
    token = sessions.issue(account, root, 900, clock.real_now())
    fields = presigned(module_account, bucket, "session", token=token)

    assert post(stack, bucket, fields).status == 204
    without = {name: value for name, value in fields.items() if name != "x-amz-security-token"}
    assert post(stack, bucket, without).status == 403


def test_fields_are_the_object_s_headers(module_account, stack, s3, bucket):
    said = {
        "Content-Type": "image/jpeg",
        "Cache-Control": "max-age=5",
        "x-amz-meta-Tint": "blue",
        "x-amz-storage-class": "STANDARD_IA",
        "x-amz-server-side-encryption": "AES256",
        "tagging": "<Tagging><TagSet><Tag><Key>a</Key><Value>b c</Value></Tag></TagSet></Tagging>",
    }
    conditions = [{name: value} for name, value in said.items()]
    fields = presigned(module_account, bucket, "described", Fields=said, Conditions=conditions)

    answer = post(stack, bucket, fields)

    assert answer.status == 204 and answer.headers["x-amz-server-side-encryption"] == "AES256"
    head = s3.head_object(Bucket=bucket, Key="described")
    assert (head["ContentType"], head["CacheControl"]) == ("image/jpeg", "max-age=5")
    assert head["Metadata"] == {"tint": "blue"} and head["StorageClass"] == "STANDARD_IA"
    assert s3.get_object_tagging(Bucket=bucket, Key="described")["TagSet"] == [{"Key": "a", "Value": "b c"}]


def test_a_customer_s_key_encrypts(module_account, stack, s3, bucket):
    key = b"k" * 32
    name = "x-amz-server-side-encryption-customer-"
    digest = base64.b64encode(hashlib.md5(key).digest()).decode()
    said = {f"{name}algorithm": "AES256", f"{name}key": base64.b64encode(key).decode(), f"{name}key-MD5": digest}
    conditions = [{field: value} for field, value in said.items()]

    answer = post(stack, bucket, presigned(module_account, bucket, "sealed", Fields=said, Conditions=conditions))

    assert answer.status == 204
    with pytest.raises(ClientError):
        s3.get_object(Bucket=bucket, Key="sealed")
    got = s3.get_object(Bucket=bucket, Key="sealed", SSECustomerAlgorithm="AES256", SSECustomerKey=key)
    assert got["Body"].read() == b"hello"


@pytest.mark.parametrize("size", [5_000_000, 0])
def test_a_file_of_any_size_arrives_whole(module_account, stack, s3, bucket, size):
    file = bytes(range(250)) * (size // 250)

    assert post(stack, bucket, presigned(module_account, bucket, "sized"), file).status == 204

    assert s3.get_object(Bucket=bucket, Key="sized")["Body"].read() == file


def test_a_wrong_checksum_stores_nothing(module_account, stack, s3, bucket):
    right = base64.b64encode(hashlib.sha256(b"hello").digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    fields = presigned(module_account, bucket, "summed")

    assert post(stack, bucket, {**fields, "x-amz-checksum-sha256": wrong}).status == 400
    with pytest.raises(ClientError):
        s3.head_object(Bucket=bucket, Key="summed")
    assert post(stack, bucket, {**fields, "x-amz-checksum-sha256": right}).headers["x-amz-checksum-sha256"] == right


def test_a_file_of_the_wrong_size_stores_nothing(module_account, stack, s3, bucket):
    fields = presigned(module_account, bucket, "ranged", Conditions=[["content-length-range", 2, 4]])

    large, small = post(stack, bucket, fields, b"12345" * 100_000), post(stack, bucket, fields, b"1")

    assert (large.status, error(large)[0]) == (400, "EntityTooLarge") and b"<ProposedSize>500000<" in large.body
    assert (small.status, error(small)[0]) == (400, "EntityTooSmall")
    with pytest.raises(ClientError):
        s3.head_object(Bucket=bucket, Key="ranged")


@pytest.mark.parametrize(
    ("asked", "status"), [("200", 200), ("201", 201), ("204", 204), ("404", 204)]
)  # fmt: skip
def test_the_form_chooses_the_status(module_account, stack, bucket, asked, status):
    said = {"success_action_status": asked}
    key = "a b/é.jpg"
    fields = presigned(module_account, bucket, key, Fields=said, Conditions=[said])

    answer = post(stack, bucket, fields)

    assert answer.status == status
    if status == 201:
        body = answer.body.decode()
        location = f"{stack.aws_url}/{bucket}/a%20b%2F%C3%A9.jpg"
        assert f"<PostResponse><Location>{location}</Location><Bucket>{bucket}</Bucket><Key>{key}</Key>" in body
        assert answer.headers["location"] == location and answer.headers["content-type"] == "application/xml"
    else:
        assert answer.body == b""


def test_the_form_sends_the_browser_on(module_account, stack, bucket):
    for target in ("http://page.example/done", "http://page.example/done?x=1"):
        said = {"success_action_redirect": target}
        answer = post(stack, bucket, presigned(module_account, bucket, "a/b c", Fields=said, Conditions=[said]))

        assert answer.status == 303 and answer.headers["location"].startswith(target)
        told = parse_qs(urlsplit(answer.headers["location"]).query)
        assert (told["bucket"], told["key"]) == ([bucket], ["a/b c"])
        assert told["etag"] == [f'"{hashlib.md5(b"hello").hexdigest()}"']


@pytest.mark.parametrize("target", ["/relative", "javascript:alert(1)", "http://"])
def test_a_redirect_to_no_address_is_none(module_account, stack, bucket, target):
    said = {"success_action_redirect": target}

    answer = post(stack, bucket, presigned(module_account, bucket, "k", Fields=said, Conditions=[said]))

    assert answer.status == 204


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_signature_is_of_this_policy_and_this_key(module_account, stack, bucket, version):
    fields = presigned(module_account, bucket, "signed", version)
    name = "x-amz-signature" if version == "s3v4" else "signature"
    later = written([{"bucket": bucket}], expiration="2099-01-01T00:00:00Z")
    credential = fields.get("x-amz-credential", "").partition("/")[2]
    unknown = (
        {"x-amz-credential": f"AKIANOBODY/{credential}"} if version == "s3v4" else {"AWSAccessKeyId": "AKIANOBODY"}
    )

    changed = post(stack, bucket, {**fields, "policy": later})
    wrong = post(stack, bucket, {**fields, name: fields[name][::-1]})
    nobody = post(stack, bucket, {**fields, **unknown})
    missing = post(stack, bucket, {n: v for n, v in fields.items() if n != name})

    assert error(changed)[0] == error(wrong)[0] == "SignatureDoesNotMatch" and changed.status == 403
    assert f"<StringToSign>{later}</StringToSign>".encode() in changed.body
    assert (nobody.status, error(nobody)[0]) == (403, "InvalidAccessKeyId")
    canonical = "X-Amz-Signature" if version == "s3v4" else "Signature"
    assert missing.status == 400 and error(missing)[1].startswith(
        f"Bucket POST must contain a field named '{canonical}'."
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("x-amz-algorithm", "AWS5", 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"'),
        ("x-amz-credential", "AKIA/today", "the Credential is mal-formed; expecting "),
        ("x-amz-credential", "AKIA/20261124/us-east-1/sqs/aws4_request", 'incorrect service "sqs".'),
        ("x-amz-credential", "AKIA/20261124/US/s3/aws4_request", "the region 'US' is wrong; expecting 'us-east-1'"),
        ("x-amz-date", "2026-11-24", "X-Amz-Date must be formated via ISO8601 Long format"),
    ],
)
def test_fields_of_a_signature_are_well_formed(module_account, stack, bucket, name, value, message):
    answer = post(stack, bucket, {**presigned(module_account, bucket, "k"), name: value})

    code, told = error(answer)
    assert (answer.status, code) == (400, "InvalidArgument") and told.startswith(message)


def test_a_form_keeps_its_policy_over_the_wire(module_account, stack, bucket):
    fields = presigned(module_account, bucket, "in/${filename}")

    elsewhere = post(stack, bucket, {**fields, "key": "out/a"})
    extra = post(stack, bucket, {**fields, "acl": "public-read"})
    no_key = post(stack, bucket, {name: value for name, value in fields.items() if name != "key"})

    assert error(elsewhere) == [
        "AccessDenied", 'Invalid according to Policy: Policy Condition failed: ["starts-with", "$key", "in/"]',
    ]  # fmt: skip
    assert error(extra) == ["AccessDenied", "Invalid according to Policy: Extra input fields: acl"]
    assert error(no_key)[1].startswith("Bucket POST must contain a field named 'key'.  If it is specified")


def test_a_form_for_one_bucket_does_not_open_another(module_account, stack, s3, bucket):
    other = f"{bucket}-other"
    s3.create_bucket(Bucket=other)

    answer = post(stack, other, presigned(module_account, bucket, "k"))

    assert (answer.status, error(answer)[0]) == (403, "AccessDenied")


def test_a_classmate_s_form_is_the_classmate_s(classmate, module_account, stack, s3, bucket):
    own_keys = presigned(classmate, bucket, "theirs")

    assert post(stack, bucket, own_keys).status == 403
    with pytest.raises(ClientError):
        s3.head_object(Bucket=bucket, Key="theirs")


def test_anybody_posts_where_the_bucket_says_so(module_account, stack, s3):
    name = f"open-{module_account.account_id}"
    s3.create_bucket(Bucket=name)
    closed = post(stack, name, {"key": "k"})

    s3.delete_public_access_block(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(allow(name, "*", "s3:PutObject", "in/*")))

    assert closed.status == 403
    assert post(stack, name, {"key": "in/k", "Content-Type": "text/plain"}).status == 204
    assert post(stack, name, {"key": "out/k"}).status == 403
    tagging = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    assert post(stack, name, {"key": "in/k", "tagging": tagging}).status == 403  # the policy allows no tags
    assert post(stack, name, {"key": "in/k", "tagging": "no xml"}).status == 400


def test_a_post_that_is_no_form_is_refused(stack, bucket):
    answer = journey.request(f"{stack.aws_url}/{bucket}", "POST", None, {"Content-Type": "text/html"}, b"x")

    assert (answer.status, error(answer)[0]) == (412, "PreconditionFailed")
    assert b"<Condition>Bucket POST must be of the enclosure-type multipart/form-data</Condition>" in answer.body


def test_other_posts_to_a_bucket_still_work(s3, bucket):
    s3.put_object(Bucket=bucket, Key="going", Body=b"")

    assert s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "going"}]})["Deleted"] == [{"Key": "going"}]


def test_why_shows_the_form_to_the_owner(module_account, stack, bucket):
    answer = post(stack, bucket, presigned(module_account, bucket, "why"))

    found = journey.until(lambda: traces.find(module_account.model, answer.headers["x-amz-request-id"]))
    assert (found.operation, found.status) == ("PostObject", 204)
    assert [step["phase"] for step in found.steps][:3] == ["signature", "form", "policy"]


def test_a_version_2_signature_is_over_the_policy_as_sent(module_account, stack, bucket):
    policy = written([{"bucket": bucket}, {"key": "old"}], expiration="2099-01-01T00:00:00.000Z")
    digest = hmac.digest(module_account.secret_key.encode(), policy.encode(), "sha1")
    fields = {
        "key": "old",
        "awsaccesskeyid": module_account.access_key,
        "policy": policy,
        "signature": base64.b64encode(digest).decode(),
    }

    assert post(stack, bucket, fields).status == 204
