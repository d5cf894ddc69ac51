"""From a signed request to a decision and its trace: the condition keys, the refusal's words, what "why" keeps."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from apps.identity.attached import Side
from apps.identity.authorize import Authorization
from apps.identity.models import Account
from apps.identity.request_keys import keys_of
from apps.observability import traces
from playground.wire.context import ANONYMOUS, Context, Principal
from tests import journey

ME = "111111111111"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = "a.txt"


# -- condition keys -------------------------------------------------------------------------------


def keys(principal, side=None, action="s3:GetObject", owner=True, **known):
    account = None if principal.kind == "anonymous" else Account(account_id=ME)
    ctx = Context(account, principal, "eu-west-1", "1", AT, source_ip="203.0.113.9", **known)
    asked = Authorization(action, "*", owner=Account(account_id="222222222222") if owner else None,
                          conditions={"s3:Prefix": "a/"})  # fmt: skip
    return keys_of(ctx, asked, side or Side())


@pytest.mark.parametrize(
    ("principal", "side", "wanted", "absent"),
    [
        (
            Principal("root", f"arn:aws:iam::{ME}:root", ME),
            Side(ME, f"arn:aws:iam::{ME}:root", is_root=True),
            {"aws:principaltype": "Account", "aws:userid": ME, "aws:principalarn": f"arn:aws:iam::{ME}:root"},
            ["aws:username"],
        ),
        (
            Principal("user", f"arn:aws:iam::{ME}:user/mary", "AIDA1"),
            Side(ME, f"arn:aws:iam::{ME}:user/mary", username="mary", tags={"Team": "red"}),
            {"aws:principaltype": "User", "aws:username": "mary", "aws:principaltag/team": "red", "aws:userid": "AIDA1"},
            ["aws:multifactorauthpresent", "aws:sourcearn"],
        ),
        (
            Principal("role", f"arn:aws:sts::{ME}:assumed-role/r/s", "AROA1:s"),
            Side(ME, f"arn:aws:sts::{ME}:assumed-role/r/s", f"arn:aws:iam::{ME}:role/r"),
            {"aws:principaltype": "AssumedRole", "aws:principalarn": f"arn:aws:iam::{ME}:role/r", "aws:userid": "AROA1:s"},
            ["aws:username"],
        ),
        (
            Principal("federated", f"arn:aws:sts::{ME}:federated-user/bob", f"{ME}:bob"),
            Side(ME, f"arn:aws:sts::{ME}:federated-user/bob", f"arn:aws:iam::{ME}:user/mary"),
            {"aws:principaltype": "FederatedUser", "aws:principalarn": f"arn:aws:sts::{ME}:federated-user/bob"},
            ["aws:username"],
        ),
        (
            ANONYMOUS,
            Side(),
            {"aws:principaltype": "Anonymous", "aws:principalaccount": "anonymous", "aws:userid": "anonymous"},
            ["aws:principalarn", "aws:principalisawsservice"],
        ),
        (
            Principal("service", name="cloudfront.amazonaws.com", source_arn="arn:aws:cloudfront::1:distribution/E"),
            Side(),
            {"aws:sourcearn": "arn:aws:cloudfront::1:distribution/E", "aws:sourceaccount": ME,
             "aws:principalservicename": "cloudfront.amazonaws.com", "aws:principalisawsservice": True},
            ["aws:principalarn", "aws:principalaccount"],
        ),
    ],
    ids=lambda value: getattr(value, "kind", None),
)  # fmt: skip
def test_the_keys_of_each_kind_of_caller(principal, side, wanted, absent):
    found = keys(principal, side)

    assert {name: found.get(name) for name in wanted} == wanted
    assert not set(absent) & set(found)


def test_the_keys_of_every_request():
    found = keys(ANONYMOUS, scheme="https", user_agent="curl/8", referer="http://example.com/")

    wanted = {
        "aws:sourceip": "203.0.113.9", "aws:securetransport": True, "aws:currenttime": "2026-01-02T03:04:05+00:00",
        "aws:epochtime": 1767323045, "aws:requestedregion": "eu-west-1", "aws:useragent": "curl/8",
        "aws:referer": "http://example.com/", "aws:resourceaccount": "222222222222", "aws:viaawsservice": False,
        "s3:resourceaccount": "222222222222", "s3:prefix": "a/",
    }  # fmt: skip
    assert {name: found.get(name) for name in wanted} == wanted
    assert "s3:authtype" not in found and "aws:tokenissuetime" not in found
    assert "aws:referer" not in keys(ANONYMOUS) and "aws:resourceaccount" not in keys(ANONYMOUS, owner=False)


def test_the_keys_of_a_signature_are_s3s_own_and_a_sessions_start_is_everybodys():
    auth = {"type": "REST-HEADER", "version": "AWS4-HMAC-SHA256", "age_ms": 12, "content_sha256": "x", "issued": AT}
    root, side = Principal("root", "arn", ME), Side(ME, "arn", is_root=True)

    s3, other = keys(root, side, auth=auth), keys(root, side, "sqs:SendMessage", auth=auth)

    assert (s3["s3:authtype"], s3["s3:signatureversion"]) == ("REST-HEADER", "AWS4-HMAC-SHA256")
    assert (s3["s3:signatureage"], s3["s3:x-amz-content-sha256"]) == (12, "x")
    assert s3["aws:tokenissuetime"] == other["aws:tokenissuetime"] == AT.isoformat()
    assert not any(name.startswith("s3:signature") or name == "s3:authtype" for name in other)


# -- over the wire --------------------------------------------------------------------------------


@pytest.fixture
def bucket(account):
    name, s3 = f"asked-{account.account_id}", account.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key=KEY, Body=b"mine")
    return name


def deny_reading(account, name, **condition):
    """Put the bucket policy that denies GetObject under a condition."""
    statement = {"Sid": "Not", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
                 "Resource": f"arn:aws:s3:::{name}/*", "Condition": condition}  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.client("s3").put_bucket_policy(Bucket=name, Policy=policy)


def read(account, name):
    return account.client("s3").get_object(Bucket=name, Key=KEY)["Body"].read()


def presigned(account, name, version="s3v4"):
    return account.client("s3", signature_version=version).generate_presigned_url(
        "get_object", {"Bucket": name, "Key": KEY}
    )


def test_a_policy_may_ask_how_a_request_was_signed(account, bucket):
    deny_reading(account, bucket, StringEquals={"s3:authType": "REST-QUERY-STRING"})
    assert read(account, bucket) == b"mine"
    assert journey.request(presigned(account, bucket)).status == 403

    deny_reading(account, bucket, StringEquals={"s3:signatureversion": "AWS"})
    assert journey.request(presigned(account, bucket)).status == 200
    assert journey.request(presigned(account, bucket, "s3")).status == 403

    deny_reading(account, bucket, NumericGreaterThan={"s3:signatureAge": "600000"})
    assert journey.request(presigned(account, bucket)).status == 200
    deny_reading(account, bucket, NumericGreaterThanEquals={"s3:signatureAge": "0"})
    assert journey.request(presigned(account, bucket)).status == 403

    deny_reading(account, bucket, StringEquals={"s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    assert journey.request(presigned(account, bucket)).status == 403 and read(account, bucket) == b"mine"


def test_a_policy_may_ask_for_the_referer_and_the_user_agent(account, bucket):
    url = presigned(account, bucket)
    here = "http://www.example.com/page"

    deny_reading(account, bucket, StringNotLike={"aws:Referer": "http://www.example.com/*"})
    assert journey.request(url).status == 403
    assert journey.request(url, headers={"Referer": here}).status == 200

    deny_reading(account, bucket, StringLike={"aws:UserAgent": "*Boto3*"})
    assert journey.request(url, headers={"User-Agent": "curl/8"}).status == 200
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        read(account, bucket)


def test_a_refusal_is_told_in_the_services_words_and_kept_with_what_would_change_it(account, bucket):
    deny_reading(account, bucket, Bool={"aws:SecureTransport": "false"})

    with pytest.raises(ClientError) as refused:
        read(account, bucket)

    answer = refused.value.response
    arn = f"arn:aws:iam::{account.account_id}:root"
    assert answer["Error"]["Message"] == (
        f"User: {arn} is not authorized to perform: s3:GetObject on resource: "
        f'"arn:aws:s3:::{bucket}/{KEY}" with an explicit deny in a resource-based policy'
    )
    trace = traces.find(account.model, answer["ResponseMetadata"]["RequestId"])
    (step,) = [one for one in trace.steps if one["phase"] == "policy"]
    assert step["outcome"] == "ExplicitDeny" and len(step["considered"]) == 1
    assert step["decided_by"] == {"source": "resource policy", "sid": "Not", "number": 1, "effect": "Deny"}
    assert step["change"]["edits"][0]["do"] == "remove"
    assert step["change"]["instead"][0]["key"] == "aws:SecureTransport"


def test_a_classmate_is_told_nothing_and_their_trace_says_what_is_missing(account, classmate, bucket):
    with pytest.raises(ClientError) as refused:
        read(classmate, bucket)

    answer = refused.value.response
    assert answer["Error"]["Message"] == "Access Denied"
    trace = traces.find(classmate.model, answer["ResponseMetadata"]["RequestId"])
    (step,) = [one for one in trace.steps if one["phase"] == "policy"]
    (edit,) = step["change"]["edits"]
    assert edit["where"] == "resource policy"
    assert edit["statement"]["Principal"] == {"AWS": f"arn:aws:iam::{classmate.account_id}:root"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Resource": "arn:aws:s3:::{}"}, "Action does not apply to any resource(s) in statement"),
        ({"Resource": "arn:aws:s3:::another/*"}, "Policy has invalid resource"),
        ({"Action": "s3:Frobnicate"}, "Policy has invalid action"),
        ({"Principal": {"AWS": "mary"}}, "Invalid principal in policy"),
    ],
)
def test_a_bucket_refuses_a_policy_that_can_mean_nothing(account, bucket, changes, message):
    good = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{}/*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [good | changes]}).replace("{}", bucket)

    with pytest.raises(ClientError) as refused:
        account.client("s3").put_bucket_policy(Bucket=bucket, Policy=text)

    assert (refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]) == (
        "MalformedPolicy", message,
    )  # fmt: skip
