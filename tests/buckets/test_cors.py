"""CORS: which rule fits, what a preflight and an answer say, and that refusals say it too."""

import re

import pytest

from apps.buckets import cors
from apps.observability import traces
from tests import journey

PAGE = "http://page.example"
RULES = [
    {"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": ["*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60},
    {"AllowedMethods": ["PUT"], "AllowedOrigins": [PAGE], "AllowedHeaders": ["x-amz-*", "Content-Type"]},
]


# -- rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "origin", "fits"),
    [
        ("*suffix", "foo.suffix", True),
        ("*suffix", "foo.suffix.get", False),
        ("start*end", "startend", True),
        ("start*end", "0start12end", False),
        ("prefix*", "prefix", True),
        ("http://a.example", "http://aXexample", False),
        ("http://a.example", "http://a.example/", False),
        ("*", "null", True),
        ("", "http://a.example", False),
    ],
)
def test_a_pattern_means_the_whole_origin(pattern, origin, fits):
    assert cors.fits(pattern, origin) is fits


@pytest.mark.parametrize(
    ("origin", "method", "headers", "number"),
    [
        ("http://any", "GET", [], 1),
        ("http://any", "PUT", [], None),
        (PAGE, "PUT", [], 2),
        (PAGE, "PUT", ["x-amz-acl", "content-type"], 2),
        (PAGE, "PUT", ["authorization"], None),
        (PAGE, "GET", ["x-amz-acl"], None),  # a rule without AllowedHeaders allows none to be asked for
        (PAGE, "put", [], None),
        (PAGE, "OPTIONS", [], None),
    ],
)
def test_the_first_rule_that_fits_decides(origin, method, headers, number):
    found = cors.rule_for(RULES, origin, method, headers)

    assert (found and found[0]) == number


def test_names_of_headers_are_compared_without_case():
    assert cors.names("X-Amz-ACL,content-type , ") == ["x-amz-acl", "content-type"]


def test_credentials_are_allowed_only_where_origins_are_named():
    everyone, named = (dict(cors.told(rule, PAGE, ["x-amz-acl"])) for rule in RULES)

    assert everyone["Access-Control-Allow-Origin"] == "*" and "Access-Control-Allow-Credentials" not in everyone
    assert named["Access-Control-Allow-Origin"] == PAGE and named["Access-Control-Allow-Credentials"] == "true"
    assert named["Access-Control-Allow-Headers"] == "x-amz-acl" and everyone["Access-Control-Max-Age"] == "60"


# -- requests -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bucket(module_account):
    name = f"cors-{module_account.account_id}"
    s3 = module_account.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="data.json", Body=b"{}")
    s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": RULES})
    return name


def ask(stack, path, method="OPTIONS", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return journey.request(stack.aws_url + path, method=method, headers=named)


def told(answer):
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control")}


def error(answer):
    return [re.search(f"<{name}>(.*?)</{name}>", answer.body.decode())[1] for name in ("Code", "Message")]


def test_a_preflight_needs_no_signature_and_no_object(stack, bucket):
    answer = ask(
        stack,
        f"/{bucket}/no-such-key",
        Origin=PAGE,
        Access_Control_Request_Method="PUT",
        Access_Control_Request_Headers="X-Amz-ACL,content-type",
    )

    assert answer.status == 200 and answer.body == b""
    assert told(answer) == {
        "access-control-allow-origin": PAGE,
        "access-control-allow-methods": "PUT",
        "access-control-allow-headers": "x-amz-acl, content-type",
        "access-control-allow-credentials": "true",
    }
    assert answer.headers["vary"] == cors.VARY


def test_a_preflight_by_the_name_of_the_bucket(stack, bucket):
    host = f"{bucket}.s3.localhost"

    answer = journey.request(
        f"{stack.aws_url}/data.json", "OPTIONS", host, {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    )

    assert answer.status == 200 and answer.headers["access-control-allow-origin"] == "*"


def test_preflights_are_refused_as_s3_refuses_them(stack, bucket, module_account):
    plain = f"{bucket}-plain"
    module_account.client("s3").create_bucket(Bucket=plain)
    put = {"Origin": "http://other", "Access_Control_Request_Method": "PUT"}

    no_origin = ask(stack, f"/{bucket}/data.json")
    no_method = ask(stack, f"/{bucket}/data.json", Origin=PAGE)
    no_rules = ask(stack, f"/{plain}/data.json", **put)
    no_fit = ask(stack, f"/{bucket}/data.json", **put)
    no_bucket = ask(stack, "/no-such-bucket-at-all/data.json", **put)

    assert (no_origin.status, *error(no_origin)) == (
        400, "BadRequest", "Insufficient information. Origin request header needed.",
    )  # fmt: skip
    assert no_method.status == 400
    assert (no_rules.status, *error(no_rules)) == (403, "AccessForbidden", cors.NOT_ENABLED)
    assert (no_fit.status, *error(no_fit)) == (403, "AccessForbidden", cors.NOT_ALLOWED)
    assert error(no_bucket)[1] == "CORSResponse: Bucket not found"
    assert b"<Method>PUT</Method>" in no_fit.body and not told(no_fit)


def test_answers_and_refusals_carry_the_headers(stack, bucket, module_account):
    s3 = module_account.client("s3")
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "data.json"})

    given = journey.request(url, headers={"Origin": PAGE})
    refused = ask(stack, f"/{bucket}/data.json", "GET", Origin=PAGE)
    unfit = ask(stack, f"/{bucket}/data.json", "DELETE", Origin=PAGE)
    no_page = journey.request(url)

    assert given.status == 200 and given.headers["access-control-expose-headers"] == "ETag"
    assert refused.status == 403 and refused.headers["access-control-allow-origin"] == "*"
    assert unfit.status == 403 and not told(unfit)
    assert no_page.status == 200 and not told(no_page) and "vary" not in no_page.headers


def test_why_names_the_rule(stack, bucket, module_account):
    answer = ask(stack, f"/{bucket}/data.json", Origin=PAGE, Access_Control_Request_Method="PUT")

    found = journey.until(lambda: traces.find(module_account.model, answer.headers["x-amz-request-id"]))
    assert found.operation == "Preflight" and found.status == 200
    assert [step["because"] for step in found.steps if step["phase"] == "cors"] == [
        f"CORS rule 2 of the bucket allows a page of {PAGE} with PUT."
    ]
