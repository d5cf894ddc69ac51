"""Signatures: ours against botocore's signers, and what a wrong one is answered."""

import io
import time
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import boto3
import httpx
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.wire import body, signature
from playground.wire.errors import ServiceError
from playground.wire.http import Request
from tests import journey

KEY, SECRET = "AKIAEXAMPLE", "not a secret"
PATHS = [
    "/",
    "/b",
    "/b/plus%2Band%2525",
    "/b/a%20b",
    "/b/%C3%BC/%E6%97%A5",
    "/b//double//",
    "/b/~tilde-_.",
    "/b/%21%27%28%29%2A",
]
QUERIES = ["", "list-type=2&prefix=", "a=b&a=c", "delete=", "prefix=a%20b%2Bc&delimiter=%2F", "z=1&Z=2&A=3"]


def wire_request(made):
    """Return the wire Request of a signed AWSRequest."""
    target = made.url.removeprefix("http://localhost:4566")
    path, _, query = target.partition("?")
    headers = [(name, value) for name, value in made.headers.items()]
    return Request(made.method, path or "/", query, [*headers, ("host", "localhost:4566")], io.BytesIO())


def signed(signer, service, method, path, query, data=b""):
    made = AWSRequest(method=method, url=f"http://localhost:4566{path}{'?' + query if query else ''}", data=data)
    if service == "s3":
        made.context["client_config"] = Config(s3={})
    signer(Credentials(KEY, SECRET), service, "us-east-1").add_auth(made)
    return wire_request(made)


def accepted(request, secret=SECRET):
    who = signature.claim(request)
    signature.check_time(who, datetime.now(UTC))
    empty = body.hashlib.sha256(b"").hexdigest()
    signature.verify(request, who, secret, signature.payload_hash(request, who, lambda: empty))
    return who


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("signer", [S3SigV4Auth, S3SigV4QueryAuth], ids=["header", "query"])
def test_what_botocore_signs_for_s3_is_accepted(signer, path, query):
    request = signed(signer, "s3", "GET", path, query)

    assert accepted(request).access_key_id == KEY
    with pytest.raises(ServiceError, match="SignatureDoesNotMatch"):
        accepted(request, "another secret")


@pytest.mark.parametrize(
    "path", ["/2015-03-31/functions/f/invocations", "/2015-03-31/functions/arn%3Aaws%3Alambda/policy"]
)
def test_other_services_encode_the_path_twice(path):
    assert accepted(signed(SigV4Auth, "lambda", "GET", path, "Qualifier=%24LATEST")).service == "lambda"


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=20), st.text(max_size=10))
def test_any_key_and_value_is_accepted(key, value):
    path = "/b/" + signature.quote(key.encode("utf-8", "replace"), safe="/~")
    query = "prefix=" + signature.quote(value.encode("utf-8", "replace"), safe="-_.~")

    assert accepted(signed(S3SigV4Auth, "s3", "GET", path, query))


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (
            "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host",
            "AuthorizationHeaderMalformed",
        ),
        ("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x", "AuthorizationHeaderMalformed"),
        ("Basic YTpi", "AuthorizationHeaderMalformed"),
    ],
)
def test_a_malformed_authorization_is_told_apart(header, code):
    request = Request("GET", "/", "", [("authorization", header), ("x-amz-date", "20260101T000000Z")], io.BytesIO())

    with pytest.raises(ServiceError) as refused:
        signature.claim(request)

    assert refused.value.code == code


# -- over the wire --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bucket(module_account):
    name = f"signed-{module_account.account_id}"
    module_account.client("s3").create_bucket(Bucket=name)
    module_account.client("s3").put_object(Bucket=name, Key="k", Body=b"hello")
    return name


def presigner(lab, version):
    return boto3.client(
        "s3",
        endpoint_url=lab.stack.aws_url,
        region_name="us-east-1",
        aws_access_key_id=lab.access_key,
        aws_secret_access_key=lab.secret_key,
        config=Config(signature_version=version, s3={"addressing_style": "path"}),
    )


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_presigned_url_works_until_its_end_and_for_its_act_alone(module_account, bucket, version):
    client = presigner(module_account, version)
    get = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=60)
    put = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "new"}, ExpiresIn=60)

    assert journey.request(get).body == b"hello"
    assert journey.request(put, "PUT", body=b"by url").status == 200
    assert journey.request(get, "PUT", body=b"x").status == 403
    assert journey.request(get.replace("/k?", "/new?")).status == 403
    gone = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=1)
    time.sleep(2.1)
    assert journey.request(gone).status == 403


def refusal(answer):
    return answer.status, answer.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()


def raw(lab, service="s3", method="GET", path="/", data=b"", at=None, headers=(), key=None, sent=None):
    """Send one request signed by botocore's own signer, with parts of it bent."""
    made = AWSRequest(method=method, url=lab.stack.aws_url + path, data=data, headers=dict(headers))
    made.context["client_config"] = Config(s3={})
    made.context["payload_signing_enabled"] = True
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(
        Credentials(key or lab.access_key, lab.secret_key), service, "us-east-1"
    )
    if at:
        made.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
        signer._modify_request_before_signing(made)
        made.headers["X-Amz-Date"] = made.context["timestamp"]
        canonical = signer.canonical_request(made)
        signer._inject_signature_to_request(made, signer.signature(signer.string_to_sign(made, canonical), made))
    else:
        signer.add_auth(made)
    return journey.request(made.url, method, headers=dict(made.headers.items()), body=sent or data or None)


def test_a_clock_off_by_more_than_fifteen_minutes_is_told(module_account):
    answer = raw(module_account, at=datetime.now(UTC) - timedelta(minutes=16))

    assert refusal(answer) == (403, "RequestTimeTooSkewed")
    assert b"<ServerTime>" in answer.body


def test_an_unknown_key_is_told(module_account):
    assert refusal(raw(module_account, key="AKIANOBODY")) == (403, "InvalidAccessKeyId")
    assert (
        raw(module_account, "lambda", path="/2015-03-31/functions", key="AKIANOBODY")
        .json["message"]
        .startswith("The security token")
    )


def test_a_body_that_is_not_what_was_signed_is_refused_and_not_stored(module_account, bucket):
    answer = raw(module_account, method="PUT", path=f"/{bucket}/forged", data=b"signed", sent=b"forged")

    assert refusal(answer) == (400, "XAmzContentSHA256Mismatch")
    listed = module_account.client("s3").list_objects_v2(Bucket=bucket, Prefix="forged")
    assert listed["KeyCount"] == 0


def test_a_wrong_md5_is_refused(module_account, bucket):
    for value, code in (("1B2M2Y8AsgTpgAmY7PhCfg==", "BadDigest"), ("nonsense", "InvalidDigest")):
        answer = raw(module_account, method="PUT", path=f"/{bucket}/md5", data=b"x", headers={"Content-MD5": value})
        assert refusal(answer) == (400, code)


def test_malformed_bodies_get_the_services_errors(module_account, bucket):
    for data in (b"<Delete><Object>", b"<!DOCTYPE x [<!ENTITY e 'x'>]><Delete>&e;</Delete>", b"<Other/>"):
        assert refusal(raw(module_account, method="POST", path=f"/{bucket}?delete=", data=data)) == (
            400,
            "MalformedXML",
        )
    for data in (b"{", b"[1]", b'{"FunctionName": 5}'):
        answer = raw(module_account, "lambda", "POST", "/2015-03-31/functions", data)
        assert answer.status == 400 and answer.headers["x-amzn-errortype"] == "SerializationException"


def test_an_operation_that_is_not_built_says_so(module_account, bucket):
    answer = raw(module_account, path=f"/{bucket}?metadataTable=")

    assert refusal(answer) == (501, "NotImplemented") and b"GetBucketMetadataTableConfiguration" in answer.body


def test_a_bucket_is_also_a_host_name(module_account, stack, bucket):
    url = presigner(module_account, "s3v4").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert journey.request(url).status == 200
    for host in (
        f"{bucket}.s3.localhost",
        f"{bucket}.s3.us-east-1.amazonaws.com",
        f"{bucket}.s3.localhost.localstack.cloud:4566",
    ):
        answer = journey.request(f"{stack.aws_url}/k", host=host)
        assert refusal(answer) == (403, "AccessDenied") and f"/{bucket}/k".encode() in answer.body


def test_a_region_that_is_none_is_told_with_the_one_that_is_meant(module_account, bucket):
    """s3cmd signs its first request for "US" and goes on with what the answer says; so does boto3."""
    s3 = module_account.client("s3", region="US")
    made = AWSRequest(
        "PUT", f"{module_account.stack.aws_url}/{bucket}-raw", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    )
    S3SigV4Auth(Credentials(module_account.access_key, module_account.secret_key), "s3", "US").add_auth(made)
    presigned = s3.generate_presigned_url("list_objects_v2", {"Bucket": bucket})

    refused = [httpx.put(made.url, headers=dict(made.headers)), httpx.get(presigned)]
    s3.create_bucket(Bucket=f"{bucket}-us")

    told = [ElementTree.fromstring(answer.text) for answer in refused]
    assert [(one.findtext("Code"), one.findtext("Region")) for one in told] == [
        ("AuthorizationHeaderMalformed", "us-east-1"),
        ("AuthorizationQueryParametersError", "us-east-1"),
    ]
    assert s3.get_bucket_location(Bucket=f"{bucket}-us")["LocationConstraint"] is None
