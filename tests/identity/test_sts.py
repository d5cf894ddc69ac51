"""Temporary credentials: roles, chains, session policies and tags, federated users, expiry; through boto3."""

import json
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from apps.identity import sessions
from playground import clock
from playground.wire.context import Principal
from tests.identity.iam import ALLOW_ALL, client, document, refusal, trust, user

S3_READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
ASSUME = document(("Allow", ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], "*"))


def role(lab, name, trusted, policy=ALLOW_ALL, **given):
    """Return the ARN of a new role. trusted: its trust policy's text."""
    iam = lab.client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted, **given)["Role"]["Arn"]
    if policy:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
    return arn


def assume(lab, keys, arn, name="session", **given):
    """Return what AssumeRole answers."""
    return client(lab, "sts", keys).assume_role(RoleArn=arn, RoleSessionName=name, **given)


@pytest.fixture
def mary(account):
    """Return (ARN, keys) of a user who may assume roles."""
    return user(account, policy=ASSUME)


def test_a_session_is_who_it_says(account, mary):
    arn = role(account, "reader", trust(mary[0]), Path="/jobs/")

    told = assume(account, mary[1], arn)

    who = client(account, "sts", told["Credentials"]).get_caller_identity()
    role_id = account.client("iam").get_role(RoleName="reader")["Role"]["RoleId"]
    assert who["Arn"] == told["AssumedRoleUser"]["Arn"]
    assert who["Arn"] == f"arn:aws:sts::{account.account_id}:assumed-role/reader/session"
    assert who["UserId"] == f"{role_id}:session" == told["AssumedRoleUser"]["AssumedRoleId"]
    expires = told["Credentials"]["Expiration"] - datetime.now(UTC)
    assert timedelta(minutes=59) < expires <= timedelta(minutes=60)


def test_a_session_may_what_the_role_may(account, mary):
    arn = role(account, "reader", trust(mary[0]), policy=document(("Allow", "s3:ListAllMyBuckets", "*")))
    keys = assume(account, mary[1], arn)["Credentials"]

    client(account, "s3", keys).list_buckets()

    assert refusal(client(account, "s3", keys).create_bucket, Bucket="nope-nope")[1] == "AccessDenied"
    assert refusal(client(account, "s3", mary[1]).list_buckets)[1] == "AccessDenied"
    used = account.client("iam").get_role(RoleName="reader")["Role"]["RoleLastUsed"]
    assert used["Region"] == "us-east-1"
    account.client("iam").delete_role_policy(RoleName="reader", PolicyName="own")
    assert refusal(client(account, "s3", keys).list_buckets)[1] == "AccessDenied"
    account.client("iam").delete_role(RoleName="reader")
    role(account, "reader", trust(mary[0]))  # another role of the name is not the one that was assumed
    assert refusal(client(account, "s3", keys).list_buckets)[1] == "AccessDenied"


def test_who_is_not_trusted_does_not_get_in(account, mary):
    bob, _keys = user(account, "bob")
    arn = role(account, "reader", trust(bob))

    refused = refusal(assume, account, mary[1], arn)
    missing = refusal(assume, account, mary[1], arn.replace("reader", "nobody"))

    assert refused[:2] == missing[:2] == (403, "AccessDenied")
    assert refused[2].startswith(f"User: {mary[0]} is not authorized to perform: sts:AssumeRole on resource: {arn}")
    assert refused[2].replace("reader", "") == missing[2].replace("nobody", "")


def test_trusting_the_account_leaves_it_to_its_policies(account, mary):
    _bob, keys = user(account, "bob")
    arn = role(account, "reader", trust(account.model.root_arn))

    assume(account, mary[1], arn)

    assert refusal(assume, account, keys, arn)[1] == "AccessDenied"


def test_trusting_a_user_is_enough_within_the_account_and_not_across(account, classmate):
    mine, keys = user(account, "plain")
    theirs, their_keys = user(classmate, "plain")
    arn = role(account, "reader", trust(mine, theirs))

    assume(account, keys, arn)
    refused = refusal(assume, classmate, their_keys, arn)
    classmate.client("iam").put_user_policy(UserName="plain", PolicyName="p", PolicyDocument=ASSUME)
    session = assume(classmate, their_keys, arn)["Credentials"]

    assert refused[1] == "AccessDenied"
    assert client(classmate, "sts", session).get_caller_identity()["Account"] == account.account_id
    assert len(client(classmate, "iam", session).list_users()["Users"]) == 1


def test_a_classmate_who_is_not_trusted_stays_out(account, classmate):
    arn = role(account, "reader", trust(account.model.root_arn))
    _theirs, keys = user(classmate, policy=ALLOW_ALL)

    assert refusal(assume, classmate, keys, arn)[1] == "AccessDenied"


def test_the_external_id_must_be_the_one_agreed(account, mary):
    trusted = trust(mary[0], Condition={"StringEquals": {"sts:ExternalId": "4711"}})
    arn = role(account, "reader", trusted)

    assume(account, mary[1], arn, ExternalId="4711")

    assert refusal(assume, account, mary[1], arn)[1] == "AccessDenied"
    assert refusal(assume, account, mary[1], arn, ExternalId="4712")[1] == "AccessDenied"


def test_root_assumes_no_roles(account):
    arn = role(account, "reader", trust("*"))

    assert refusal(account.client("sts").assume_role, RoleArn=arn, RoleSessionName="session") == (
        403, "AccessDenied", "Roles may not be assumed by root accounts.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"DurationSeconds": 3601}, "ValidationError"),
        ({"DurationSeconds": 43201}, "ValidationError"),
        ({"RoleSessionName": "two words"}, "ValidationError"),
        ({"Policy": "{"}, "MalformedPolicyDocument"),
        ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/Nothing"}]}, "MalformedPolicyDocument"),
        ({"Tags": [{"Key": "a", "Value": ""}], "TransitiveTagKeys": ["b"]}, "InvalidInput"),
        ({"SerialNumber": "arn:aws:iam::111111111111:mfa/x", "TokenCode": "123456"}, "AccessDenied"),
    ],
)
def test_what_assuming_refuses(account, mary, given, code):
    trusted = trust(mary[0]).replace('"sts:AssumeRole"', '["sts:AssumeRole", "sts:TagSession"]')
    arn = role(account, "reader", trusted)
    request = {"RoleArn": arn, "RoleSessionName": "session", **given}

    assert refusal(client(account, "sts", mary[1]).assume_role, **request)[1] == code


def test_a_role_may_allow_longer_sessions_but_not_in_a_chain(account, mary):
    first = role(account, "first", trust(mary[0]), MaxSessionDuration=7200)
    second = role(account, "second", trust(first), MaxSessionDuration=7200)

    keys = assume(account, mary[1], first, DurationSeconds=7200)["Credentials"]
    chained = assume(account, keys, second)

    assert chained["AssumedRoleUser"]["Arn"].endswith(":assumed-role/second/session")
    assert refusal(assume, account, keys, second, DurationSeconds=7200)[1] == "ValidationError"
    assert refusal(assume, account, mary[1], second)[1] == "AccessDenied"


def test_session_policies_limit_and_give_nothing(account, mary):
    arn = role(account, "anything", trust(mary[0]), policy=document(("Allow", ["s3:*", "sqs:*"], "*")))
    inline = assume(account, mary[1], arn, Policy=document(("Allow", ["s3:List*", "iam:*"], "*")))
    named = assume(account, mary[1], arn, PolicyArns=[{"arn": S3_READ}])

    for told in (inline, named):
        keys = told["Credentials"]
        client(account, "s3", keys).list_buckets()
        refused = refusal(client(account, "s3", keys).create_bucket, Bucket="nope-nope")
        assert refused[1] == "AccessDenied" and "no session policy allows" in refused[2]
        assert "AccessDenied" in refusal(client(account, "sqs", keys).list_queues)[1]
        assert refusal(client(account, "iam", keys).list_users)[1] == "AccessDenied"
    assert inline["PackedPolicySize"] > 0


def test_what_limits_a_session_has_a_size(account, mary):
    actions = ["sts:AssumeRole", "sts:TagSession"]
    arn = role(account, "anything", document({**json.loads(trust(mary[0]))["Statement"][0], "Action": actions}))
    large = document(*(("Allow", "s3:GetObject", f"arn:aws:s3:::bucket-{n:03d}/*") for n in range(90)))
    noise = [{"Key": f"{n}", "Value": secrets.token_hex(120)} for n in range(40)]

    told = assume(account, mary[1], arn, Policy=large)

    client(account, "sts", told["Credentials"]).get_caller_identity()
    assert 0 < told["PackedPolicySize"] <= 100
    assert refusal(assume, account, mary[1], arn, Tags=noise)[1] == "PackedPolicyTooLarge"


def test_session_tags_need_leave_and_reach_policies(account, mary):
    trusted = json.loads(trust(mary[0]))
    plain = role(account, "plain", json.dumps(trusted))
    trusted["Statement"][0]["Action"] = ["sts:AssumeRole", "sts:TagSession"]
    tagged = role(
        account,
        "tagged",
        json.dumps(trusted),
        policy=document(
            {
                "Effect": "Allow",
                "Action": "s3:ListAllMyBuckets",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}},
            }
        ),
    )
    red, blue = ([{"Key": "team", "Value": value}] for value in ("red", "blue"))

    assert refusal(assume, account, mary[1], plain, Tags=red)[1] == "AccessDenied"
    client(account, "s3", assume(account, mary[1], tagged, Tags=red)["Credentials"]).list_buckets()
    wrong = assume(account, mary[1], tagged, Tags=blue)["Credentials"]
    assert refusal(client(account, "s3", wrong).list_buckets)[1] == "AccessDenied"


def test_transitive_tags_go_on_along_the_chain(account, mary):
    actions = ["sts:AssumeRole", "sts:TagSession"]
    first = role(account, "first", document({**json.loads(trust(mary[0]))["Statement"][0], "Action": actions}))
    reader = document(
        {
            "Effect": "Allow",
            "Action": "s3:ListAllMyBuckets",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}},
        }
    )
    second = role(
        account, "second", document({**json.loads(trust(first))["Statement"][0], "Action": actions}), policy=reader
    )
    tags = [{"Key": "team", "Value": "red"}]

    kept = assume(account, mary[1], first, Tags=tags, TransitiveTagKeys=["team"])["Credentials"]
    lost = assume(account, mary[1], first, Tags=tags)["Credentials"]

    client(account, "s3", assume(account, kept, second)["Credentials"]).list_buckets()
    without = assume(account, lost, second)["Credentials"]
    assert refusal(client(account, "s3", without).list_buckets)[1] == "AccessDenied"
    assert refusal(assume, account, kept, second, Tags=tags)[1] == "InvalidInput"


# -- without roles --------------------------------------------------------------------------------


def test_a_session_token_is_the_user_and_cannot_change_iam(account):
    arn, keys = user(account, policy=ALLOW_ALL)

    told = client(account, "sts", keys).get_session_token()["Credentials"]

    assert client(account, "sts", told).get_caller_identity()["Arn"] == arn
    client(account, "s3", told).list_buckets()
    assert refusal(client(account, "iam", told).list_users)[:2] == (403, "InvalidClientTokenId")
    assert refusal(client(account, "sts", told).get_session_token)[1:] == (
        "AccessDenied", "Cannot call GetSessionToken with session credentials",
    )  # fmt: skip
    lasts = told["Expiration"] - datetime.now(UTC)
    assert timedelta(hours=11) < lasts < timedelta(hours=13)
    root = account.client("sts").get_session_token(DurationSeconds=7200)["Credentials"]
    assert root["Expiration"] - datetime.now(UTC) <= timedelta(hours=1)


def test_a_federated_user_may_what_both_sides_allow(account):
    _arn, keys = user(account, policy=document(("Allow", ["s3:*", "sts:*"], "*")))
    sts = client(account, "sts", keys)

    told = sts.get_federation_token(Name="guest", Policy=document(("Allow", ["s3:List*", "sqs:*"], "*")))
    bare = sts.get_federation_token(Name="guest")

    guest = told["Credentials"]
    assert told["FederatedUser"]["Arn"] == f"arn:aws:sts::{account.account_id}:federated-user/guest"
    assert client(account, "sts", guest).get_caller_identity()["UserId"] == f"{account.account_id}:guest"
    client(account, "s3", guest).list_buckets()
    assert refusal(client(account, "s3", guest).create_bucket, Bucket="nope-nope")[1] == "AccessDenied"
    assert "AccessDenied" in refusal(client(account, "sqs", guest).list_queues)[1]
    assert refusal(client(account, "s3", bare["Credentials"]).list_buckets)[1] == "AccessDenied"
    assert refusal(client(account, "iam", guest).list_users)[1] == "InvalidClientTokenId"


def test_a_guest_of_root_may_what_the_policies_say_and_no_more(account):
    told = account.client("sts").get_federation_token(Name="guest", PolicyArns=[{"arn": S3_READ}])["Credentials"]

    client(account, "s3", told).list_buckets()

    assert refusal(client(account, "s3", told).create_bucket, Bucket="nope-nope")[1] == "AccessDenied"


def test_whose_key_it_is(account, classmate):
    sts = account.client("sts")

    assert sts.get_access_key_info(AccessKeyId=classmate.access_key)["Account"] == classmate.account_id
    assert refusal(sts.get_access_key_info, AccessKeyId="AKIANOBODYNOBODY1234")[1] == "ValidationError"


# -- tokens ---------------------------------------------------------------------------------------


def issued(account, seconds):
    principal = Principal("root", account.model.root_arn, account.account_id, "root")
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    return dict(zip(names, sessions.issue(account.model, principal, seconds, clock.real_now()), strict=True))


def test_expired_credentials_are_refused(account):
    keys = issued(account, -1)

    assert refusal(client(account, "s3", keys).list_buckets)[:2] == (400, "ExpiredToken")
    assert refusal(client(account, "sts", keys).get_caller_identity)[1] == "ExpiredToken"
    assert refusal(client(account, "lambda", keys).list_functions)[1] == "ExpiredTokenException"


@pytest.mark.parametrize("wrong", ["missing", "altered", "another's"])
def test_a_token_must_be_there_and_be_the_keys_own(account, wrong):
    keys = issued(account, 900)
    token = {"missing": None, "altered": keys["SessionToken"][:-2], "another's": issued(account, 900)["SessionToken"]}
    keys["SessionToken"] = token[wrong]

    s3 = refusal(client(account, "s3", keys).list_buckets)
    sts = refusal(client(account, "sts", keys).get_caller_identity)

    assert s3[1] == ("InvalidAccessKeyId" if wrong == "missing" else "InvalidToken")
    assert sts[:2] == (403, "InvalidClientTokenId")
