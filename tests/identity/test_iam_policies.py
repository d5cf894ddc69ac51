"""Managed policies, their versions, who has them; roles; providers; the simulator: through boto3."""

import json

import pytest

from apps.identity import identity_validation, managed
from tests.identity.iam import ALLOW_ALL, document, refusal, trust, user

READ = document(("Allow", "s3:Get*", "*"))
LIST = document(("Allow", "s3:List*", "*"))
S3_READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


@pytest.mark.parametrize("policy", managed.BY_ARN.values(), ids=lambda one: one.name)
def test_awss_own_policies_are_such_as_iam_takes(policy):
    identity_validation.validate_identity(policy.document)


def test_a_policy_has_up_to_five_versions(account):
    iam = account.client("iam")
    made = iam.create_policy(PolicyName="mine", Path="/a/", PolicyDocument=READ, Description="d")["Policy"]
    arn = made["Arn"]

    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=LIST, SetAsDefault=True)

    assert arn == f"arn:aws:iam::{account.account_id}:policy/a/mine" and made["PolicyId"].startswith("ANPA")
    assert refusal(iam.create_policy_version, PolicyArn=arn, PolicyDocument=LIST)[1] == "LimitExceeded"
    assert [one["VersionId"] for one in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == [
        "v5", "v4", "v3", "v2", "v1",
    ]  # fmt: skip
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v5"
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert refusal(iam.delete_policy_version, PolicyArn=arn, VersionId="v1") == (
        409, "DeleteConflict", "Cannot delete the default version of a policy.",
    )  # fmt: skip
    iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=READ)["PolicyVersion"]
    assert made["VersionId"] == "v6" and not made["IsDefaultVersion"]
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v6")["PolicyVersion"]["Document"] == json.loads(READ)


def test_a_policy_that_somebody_has_stays(account):
    iam = account.client("iam")
    user(account)
    arn = iam.create_policy(PolicyName="mine", PolicyDocument=READ)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="mary", PolicyArn=arn)
    iam.put_user_permissions_boundary(UserName="mary", PermissionsBoundary=arn)

    told = iam.get_policy(PolicyArn=arn)["Policy"]

    assert (told["AttachmentCount"], told["PermissionsBoundaryUsageCount"]) == (1, 1)
    assert refusal(iam.delete_policy, PolicyArn=arn)[1:] == (
        "DeleteConflict", "Cannot delete a policy attached to entities.",
    )  # fmt: skip
    iam.detach_user_policy(UserName="mary", PolicyArn=arn)
    assert refusal(iam.delete_policy, PolicyArn=arn)[1] == "DeleteConflict"
    iam.delete_user_permissions_boundary(UserName="mary")
    iam.delete_policy(PolicyArn=arn)
    assert refusal(iam.get_policy, PolicyArn=arn)[1:] == ("NoSuchEntity", f"Policy {arn} was not found.")


def test_awss_policies_are_read_and_never_changed(account):
    iam = account.client("iam")
    document_of = iam.get_policy_version(PolicyArn=S3_READ, VersionId="v3")["PolicyVersion"]["Document"]

    assert "s3:Get*" in document_of["Statement"][0]["Action"]
    assert iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    for operation, more in (
        ("delete_policy", {}),
        ("create_policy_version", {"PolicyDocument": READ}),
        ("tag_policy", {"Tags": [{"Key": "a", "Value": "b"}]}),
    ):
        assert refusal(getattr(iam, operation), PolicyArn=S3_READ, **more)[1] == "AccessDenied"


def test_policies_are_listed_by_scope_and_use(account):
    iam = account.client("iam")
    user(account)
    iam.create_policy(PolicyName="mine", PolicyDocument=READ)
    iam.attach_user_policy(UserName="mary", PolicyArn=S3_READ)

    def names(**filters):
        pages = iam.get_paginator("list_policies").paginate(PaginationConfig={"PageSize": 7}, **filters)
        return [one["PolicyName"] for page in pages for one in page["Policies"]]

    assert names(Scope="Local") == ["mine"]
    assert names(Scope="AWS") == [one.name for one in managed.BY_ARN.values()]
    assert names(OnlyAttached=True) == ["AmazonS3ReadOnlyAccess"]
    assert names(PolicyUsageFilter="PermissionsBoundary") == []
    assert all(name.startswith("AWSLambda") for name in names(PathPrefix="/service-role/"))


def test_who_has_a_policy(account):
    iam = account.client("iam")
    user(account)
    iam.create_group(GroupName="staff")
    iam.attach_group_policy(GroupName="staff", PolicyArn=S3_READ)
    iam.attach_role_policy(RoleName="lambda-role", PolicyArn=S3_READ)
    iam.put_user_permissions_boundary(UserName="mary", PermissionsBoundary=S3_READ)

    everyone = iam.list_entities_for_policy(PolicyArn=S3_READ)
    bounded = iam.list_entities_for_policy(PolicyArn=S3_READ, PolicyUsageFilter="PermissionsBoundary")
    roles = iam.list_entities_for_policy(PolicyArn=S3_READ, EntityFilter="Role")

    assert [one["GroupName"] for one in everyone["PolicyGroups"]] == ["staff"]
    assert [one["RoleName"] for one in everyone["PolicyRoles"]] == ["lambda-role"]
    assert [one["UserName"] for one in everyone["PolicyUsers"] + bounded["PolicyUsers"]] == ["mary", "mary"]
    assert (bounded["PolicyGroups"], bounded["PolicyRoles"], roles["PolicyUsers"]) == ([], [], [])


# -- roles ----------------------------------------------------------------------------------------


def test_a_role_keeps_what_it_was_made_with(account):
    iam = account.client("iam")
    iam.create_role(
        RoleName="worker",
        Path="/jobs/",
        AssumeRolePolicyDocument=trust(service="lambda.amazonaws.com"),
        Description="does",
        MaxSessionDuration=7200,
        PermissionsBoundary=S3_READ,
        Tags=[{"Key": "team", "Value": "red"}],
    )

    role = iam.get_role(RoleName="worker")["Role"]

    assert role["Arn"] == f"arn:aws:iam::{account.account_id}:role/jobs/worker"
    assert (role["Description"], role["MaxSessionDuration"]) == ("does", 7200)
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == S3_READ
    assert role["AssumeRolePolicyDocument"] == json.loads(trust(service="lambda.amazonaws.com"))
    assert role["RoleLastUsed"] == {} and role["Tags"] == [{"Key": "team", "Value": "red"}]
    assert iam.list_instance_profiles_for_role(RoleName="worker")["InstanceProfiles"] == []


def test_a_trust_policy_names_only_who_exists(account, classmate):
    iam = account.client("iam")
    arn, _keys = user(classmate)
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust(arn))

    code, message = refusal(iam.update_assume_role_policy, RoleName="worker", PolicyDocument=trust(arn + "x"))[1:]

    assert (code, message) == ("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}x"')
    iam.update_assume_role_policy(RoleName="worker", PolicyDocument=trust(classmate.model.root_arn))
    iam.update_role_description(RoleName="worker", Description="new")
    iam.update_role(RoleName="worker", MaxSessionDuration=43200)
    role = iam.get_role(RoleName="worker")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("new", 43200)


def test_a_role_with_policies_is_not_deleted(account):
    iam = account.client("iam")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust(service="lambda.amazonaws.com"))
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=READ)

    assert refusal(iam.delete_role, RoleName="worker")[1:] == (
        "DeleteConflict", "Cannot delete entity, must delete policies first.",
    )  # fmt: skip
    iam.delete_role_policy(RoleName="worker", PolicyName="p")
    iam.delete_role(RoleName="worker")


def test_an_openid_provider_is_kept(account):
    iam = account.client("iam")
    arn = iam.create_open_id_connect_provider(Url="https://ci.example.com/token", ClientIDList=["sts.amazonaws.com"])[
        "OpenIDConnectProviderArn"
    ]

    assert arn == f"arn:aws:iam::{account.account_id}:oidc-provider/ci.example.com/token"
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["Url"] == "ci.example.com/token"
    again = refusal(iam.create_open_id_connect_provider, Url="https://ci.example.com/token")
    assert again[1] == "EntityAlreadyExists"


# -- the simulator --------------------------------------------------------------------------------


def simulated(answer):
    return {(one["EvalActionName"], one["EvalResourceName"]): one for one in answer["EvaluationResults"]}


def test_the_simulator_tells_which_statement_decided(account):
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::photos/*"},
                {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*",
                 "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            ],
        },
        indent=1,
    )  # fmt: skip
    told = account.client("iam").simulate_custom_policy(
        PolicyInputList=[text],
        ActionNames=["s3:GetObject", "s3:DeleteObject", "sqs:SendMessage"],
        ResourceArns=["arn:aws:s3:::photos/a"],
        ContextEntries=[
            {"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["false"], "ContextKeyType": "boolean"}
        ],
    )

    found = [one for one in told["EvaluationResults"]]
    assert [one["EvalDecision"] for one in found] == ["allowed", "explicitDeny", "implicitDeny"]
    assert {one["EvalResourceName"] for one in found} == {"arn:aws:s3:::photos/a"}
    (statement,) = found[1]["MatchedStatements"]
    assert statement["SourcePolicyId"] == "PolicyInputList.1"
    assert text.splitlines()[statement["StartPosition"]["Line"] - 1].endswith("{")
    assert found[0]["MissingContextValues"] == []


def test_the_simulator_says_what_it_was_not_told(account):
    text = document(
        {
            "Effect": "Allow",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::home/${aws:username}/*",
            "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        }
    )
    iam = account.client("iam")

    told = iam.simulate_custom_policy(PolicyInputList=[text], ActionNames=["s3:GetObject"])["EvaluationResults"][0]

    assert told["EvalDecision"] == "implicitDeny"
    assert told["MissingContextValues"] == ["aws:SourceIp", "aws:username"]
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[text])["ContextKeyNames"] == [
        "aws:SourceIp", "aws:username",
    ]  # fmt: skip


def test_the_simulator_knows_what_a_user_has(account):
    iam = account.client("iam")
    arn, _keys = user(account, policy=READ)
    iam.create_group(GroupName="staff")
    iam.put_group_policy(GroupName="staff", PolicyName="lists", PolicyDocument=LIST)
    iam.add_user_to_group(GroupName="staff", UserName="mary")
    iam.attach_user_policy(UserName="mary", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    iam.put_user_permissions_boundary(UserName="mary", PermissionsBoundary=S3_READ)

    found = simulated(
        iam.simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=["s3:GetObject", "s3:ListBucket", "sqs:SendMessage"]
        )
    )

    ids = {action: one["MatchedStatements"][0]["SourcePolicyId"] for (action, _), one in found.items()}
    assert ids == {
        "s3:GetObject": "user_mary_own", "s3:ListBucket": "group_staff_lists", "sqs:SendMessage": "AmazonSQSFullAccess",
    }  # fmt: skip
    bounded = {
        action: (one["EvalDecision"], one["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"])
        for (action, _), one in found.items()
    }
    assert bounded["s3:GetObject"] == ("allowed", True)
    assert bounded["sqs:SendMessage"] == ("implicitDeny", False)


def test_the_simulator_sees_both_sides_across_accounts(account):
    resource = document(
        {"Effect": "Allow", "Principal": {"AWS": account.account_id}, "Action": "s3:GetObject", "Resource": "*"}
    )
    arn, _keys = user(account, policy=ALLOW_ALL)

    told = account.client("iam").simulate_principal_policy(
        PolicySourceArn=arn,
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=["arn:aws:s3:::theirs/a"],
        ResourcePolicy=resource,
        ResourceOwner="arn:aws:iam::999999999999:root",
    )["EvaluationResults"]

    assert [one["EvalDecision"] for one in told] == ["allowed", "implicitDeny"]
    assert told[1]["EvalDecisionDetails"] == {"IAM Policy": "allowed", "Resource Policy": "implicitDeny"}
