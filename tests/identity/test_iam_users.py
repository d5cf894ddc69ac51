"""Users, groups, keys and tags through boto3: what works, and what is refused in which words."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from apps.identity import accounts
from apps.identity.models import Account
from tests.identity.iam import client, document, refusal, user

READ = document(("Allow", "s3:Get*", "*"))


def test_a_user_has_a_path_an_arn_and_tags(account):
    iam = account.client("iam")

    made = iam.create_user(UserName="mary", Path="/staff/", Tags=[{"Key": "team", "Value": "red"}])["User"]

    assert made["Arn"] == f"arn:aws:iam::{account.account_id}:user/staff/mary"
    assert made["UserId"].startswith("AIDA") and len(made["UserId"]) == 21
    assert iam.get_user(UserName="MARY")["User"] == made
    assert made["Tags"] == [{"Key": "team", "Value": "red"}]


def test_get_user_without_a_name_is_about_the_caller(account):
    _arn, keys = user(account, policy=document(("Allow", "iam:GetUser", "*")))

    assert account.client("iam").get_user()["User"]["Arn"] == account.model.root_arn
    assert client(account, "iam", keys).get_user()["User"]["UserName"] == "mary"


@pytest.mark.parametrize(
    ("operation", "request_", "wanted"),
    [
        ("get_user", {"UserName": "no"}, (404, "NoSuchEntity", "The user with name no cannot be found.")),
        ("get_group", {"GroupName": "no"}, (404, "NoSuchEntity", "The group with name no cannot be found.")),
        ("get_role", {"RoleName": "no"}, (404, "NoSuchEntity", "The role with name no cannot be found.")),
        (
            "get_user_policy",
            {"UserName": "mary", "PolicyName": "no"},
            (404, "NoSuchEntity", "The user policy with name no cannot be found."),
        ),
        ("create_user", {"UserName": "Mary"}, (409, "EntityAlreadyExists", "User with name Mary already exists.")),
        (
            "update_access_key",
            {"UserName": "mary", "AccessKeyId": "AKIANOBODYNOBODY1234", "Status": "Active"},
            (404, "NoSuchEntity", "The Access Key with id AKIANOBODYNOBODY1234 cannot be found."),
        ),
        (
            "put_user_policy",
            {"UserName": "mary", "PolicyName": "p", "PolicyDocument": "{}"},
            (400, "MalformedPolicyDocument", "Syntax errors in policy."),
        ),
        (
            "put_user_policy",
            {"UserName": "mary", "PolicyName": "p", "PolicyDocument": document(("Allow", "s3:*", "b" * 2100))},
            (400, "MalformedPolicyDocument", f'Resource {"b" * 2100} must be in ARN format or "*".'),
        ),
        (
            "put_user_policy",
            {
                "UserName": "mary",
                "PolicyName": "p",
                "PolicyDocument": document(("Allow", "s3:*", "arn:aws:s3:::" + "b" * 2100)),
            },
            (409, "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user mary"),
        ),
        (
            "attach_user_policy",
            {"UserName": "mary", "PolicyArn": "arn:aws:iam::aws:policy/Nothing"},
            (404, "NoSuchEntity", "Policy arn:aws:iam::aws:policy/Nothing does not exist or is not attachable."),
        ),
        (
            "detach_user_policy",
            {"UserName": "mary", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
            (404, "NoSuchEntity", "Policy arn:aws:iam::aws:policy/ReadOnlyAccess was not found."),
        ),
        (
            "tag_user",
            {"UserName": "mary", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]},
            (400, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
        ),
        ("get_login_profile", {"UserName": "mary"}, (404, "NoSuchEntity", "Login Profile for User mary cannot be found.")),
    ],
)  # fmt: skip
def test_refusals_are_the_services(module_account, operation, request_, wanted):
    iam = module_account.client("iam")
    if not iam.list_users()["Users"]:
        iam.create_user(UserName="mary")

    assert refusal(getattr(iam, operation), **request_) == wanted


def test_a_malformed_name_is_a_validation_error(account):
    status, code, message = refusal(account.client("iam").create_user, UserName="two words")

    assert (status, code) == (400, "ValidationError")
    assert message == (
        "1 validation error detected: Value 'two words' at 'userName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [\\w+=,.@-]+"
    )


def test_lists_come_in_pages_whatever_happens_meanwhile(account):
    iam = account.client("iam")
    for name in ("b", "A", "d", "C"):
        iam.create_user(UserName=name)

    first = iam.list_users(MaxItems=2)
    iam.delete_user(UserName="b")
    second = iam.list_users(MaxItems=2, Marker=first["Marker"])

    assert [one["UserName"] for one in first["Users"]] == ["A", "b"] and first["IsTruncated"]
    assert [one["UserName"] for one in second["Users"]] == ["C", "d"] and not second["IsTruncated"]
    assert refusal(iam.list_users, Marker="nonsense")[1] == "ValidationError"


def test_a_user_is_deleted_only_when_nothing_is_left(account):
    iam = account.client("iam")
    user(account, policy=READ)
    iam.attach_user_policy(UserName="mary", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="mary")

    conflicts = [refusal(iam.delete_user, UserName="mary")[1:]]
    iam.detach_user_policy(UserName="mary", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    conflicts.append(refusal(iam.delete_user, UserName="mary")[1:])
    iam.delete_user_policy(UserName="mary", PolicyName="own")
    conflicts.append(refusal(iam.delete_user, UserName="mary")[1:])
    conflicts.append(refusal(iam.delete_group, GroupName="staff")[1:])
    iam.remove_user_from_group(GroupName="staff", UserName="mary")
    conflicts.append(refusal(iam.delete_user, UserName="mary")[1:])
    for key in iam.list_access_keys(UserName="mary")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="mary", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="mary")
    iam.delete_group(GroupName="staff")

    assert {code for code, _ in conflicts} == {"DeleteConflict"}
    assert [message for _, message in conflicts[:2]] == [
        "Cannot delete entity, must detach all policies first.",
        "Cannot delete entity, must delete policies first.",
    ]
    assert conflicts[-1][1] == "Cannot delete entity, must delete access keys first."
    assert iam.list_users()["Users"] == [] == iam.list_groups()["Groups"]


def test_renaming_keeps_keys_policies_and_groups(account):
    iam = account.client("iam")
    _arn, keys = user(account, policy=document(("Allow", "sts:*", "*")))
    iam.create_group(GroupName="staff", Path="/a/")
    iam.add_user_to_group(GroupName="staff", UserName="mary")

    iam.update_user(UserName="mary", NewUserName="maria", NewPath="/b/")
    iam.update_group(GroupName="staff", NewGroupName="crew")

    assert client(account, "sts", keys).get_caller_identity()["Arn"].endswith(":user/b/maria")
    assert iam.list_user_policies(UserName="maria")["PolicyNames"] == ["own"]
    assert [one["Arn"] for one in iam.list_groups_for_user(UserName="maria")["Groups"]] == [
        f"arn:aws:iam::{account.account_id}:group/a/crew"
    ]
    assert [one["UserName"] for one in iam.get_group(GroupName="crew")["Users"]] == ["maria"]


def test_tags_come_and_go(account):
    iam = account.client("iam")
    iam.create_user(UserName="mary", Tags=[{"Key": "Team", "Value": "red"}])

    iam.tag_user(UserName="mary", Tags=[{"Key": "team", "Value": "blue"}, {"Key": "x", "Value": ""}])
    iam.untag_user(UserName="mary", TagKeys=["X"])

    assert iam.list_user_tags(UserName="mary")["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert refusal(iam.tag_user, UserName="mary", Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])[1] == (
        "LimitExceeded"
    )


# -- keys -----------------------------------------------------------------------------------------


def test_a_user_has_two_keys_at_most(account):
    iam = account.client("iam")
    user(account)
    iam.create_access_key(UserName="mary")

    assert refusal(iam.create_access_key, UserName="mary") == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    )


def test_an_inactive_key_is_refused_at_once_and_works_again(account):
    iam = account.client("iam")
    _arn, keys = user(account)
    sts, s3 = client(account, "sts", keys), client(account, "s3", keys)
    sts.get_caller_identity()

    iam.update_access_key(UserName="mary", AccessKeyId=keys["AccessKeyId"], Status="Inactive")
    refused = refusal(sts.get_caller_identity)[:2], refusal(s3.list_buckets)[:2]
    iam.update_access_key(UserName="mary", AccessKeyId=keys["AccessKeyId"], Status="Active")

    assert refused == ((403, "InvalidClientTokenId"), (403, "InvalidAccessKeyId"))
    assert sts.get_caller_identity()["Arn"].endswith(":user/mary")


def test_the_last_use_of_a_key_is_told(account):
    iam = account.client("iam")
    _arn, keys = user(account)

    before = iam.get_access_key_last_used(AccessKeyId=keys["AccessKeyId"])
    refusal(client(account, "s3", keys, "eu-west-1").list_buckets)
    after = iam.get_access_key_last_used(AccessKeyId=keys["AccessKeyId"])

    assert before["UserName"] == "mary" and before["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    assert after["AccessKeyLastUsed"]["ServiceName"] == "s3"
    assert after["AccessKeyLastUsed"]["Region"] == "eu-west-1"


def test_the_root_users_keys_stay_apart_from_the_users(account):
    iam = account.client("iam")
    user(account)

    mine = iam.list_access_keys()["AccessKeyMetadata"]

    assert [one["AccessKeyId"] for one in mine] == [account.access_key] and "UserName" not in mine[0]
    assert len(iam.list_access_keys(UserName="mary")["AccessKeyMetadata"]) == 1


# -- the account ----------------------------------------------------------------------------------


def test_the_account_counts_what_it_has(account):
    iam = account.client("iam")
    user(account)

    summary = iam.get_account_summary()["SummaryMap"]

    assert (summary["Users"], summary["Roles"], summary["Groups"]) == (1, 1, 0)
    assert summary["AccessKeysPerUserQuota"] == 2 and summary["UsersQuota"] == 5000


def test_an_alias_is_one_accounts_at_a_time(account, classmate):
    alias = f"lab-{account.account_id}"
    iam, theirs = account.client("iam"), classmate.client("iam")

    iam.create_account_alias(AccountAlias=alias)

    assert iam.list_account_aliases()["AccountAliases"] == [alias]
    assert refusal(theirs.create_account_alias, AccountAlias=alias)[1] == "EntityAlreadyExists"
    assert refusal(theirs.delete_account_alias, AccountAlias=alias)[1] == "NoSuchEntity"
    iam.delete_account_alias(AccountAlias=alias)
    theirs.create_account_alias(AccountAlias=alias)


def test_the_authorization_details_tell_everything_once(account):
    iam = account.client("iam")
    user(account, policy=READ)
    iam.attach_user_policy(UserName="mary", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    iam.create_policy(PolicyName="mine", PolicyDocument=READ)

    pages = list(iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 1}))

    users = [one for page in pages for one in page["UserDetailList"]]
    policies = {one["PolicyName"]: one for page in pages for one in page["Policies"]}
    assert [one["UserName"] for one in users] == ["mary"]
    assert users[0]["UserPolicyList"] == [{"PolicyName": "own", "PolicyDocument": json.loads(READ)}]
    assert [one["RoleName"] for page in pages for one in page["RoleDetailList"]] == ["lambda-role"]
    assert set(policies) == {"AmazonS3ReadOnlyAccess", "mine"}
    assert policies["mine"]["PolicyVersionList"][0]["Document"] == json.loads(READ)


def test_every_change_raises_the_accounts_version(account):
    def version():
        return Account.objects.get(pk=account.model.pk).iam_version

    before = version()
    account.client("iam").create_user(UserName="mary")
    after = version()
    account.client("iam").list_users()

    assert after == before + 1 == version()


def test_an_emptied_account_is_as_at_the_start(account):
    iam = account.client("iam")
    _arn, keys = user(account, policy=READ)
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="mary")
    iam.create_policy(PolicyName="mine", PolicyDocument=READ)
    iam.put_role_policy(RoleName="lambda-role", PolicyName="more", PolicyDocument=READ)

    accounts.empty(account.model)

    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["Users"], summary["Groups"], summary["Policies"], summary["Roles"]) == (0, 0, 0, 1)
    assert iam.list_role_policies(RoleName="lambda-role")["PolicyNames"] == ["own-lab"]
    assert refusal(client(account, "sts", keys).get_caller_identity)[1] == "InvalidClientTokenId"


def test_the_aws_cli_makes_a_user(account):
    def aws(*words):
        command = [str(Path(sys.executable).parent / "aws"), *words, "--output", "json"]
        ran = subprocess.run(command, env=account.env, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout) if ran.stdout.strip() else {}

    made = aws("iam", "create-user", "--user-name", "mary")["User"]
    aws("iam", "put-user-policy", "--user-name", "mary", "--policy-name", "p", "--policy-document", READ)

    assert made["Arn"] == f"arn:aws:iam::{account.account_id}:user/mary"
    assert aws("iam", "get-user-policy", "--user-name", "mary", "--policy-name", "p")["PolicyDocument"] == json.loads(
        READ
    )
    assert aws("sts", "get-caller-identity")["Account"] == account.account_id
