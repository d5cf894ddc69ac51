"""The pages of users, groups, roles and policies without scripts: every act as a plain form, every refusal at its field."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from apps.identity.models import AccessKey
from tests.pages_identity.conftest import text

READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_an_empty_list_says_what_it_is_for(owner):
    for name in ("users", "groups", "policies"):
        assert "None yet." in text(owner.get(f"/identity/{name}/"))
    assert "lambda-role" in text(owner.get("/identity/roles/"))


def test_a_user_is_made_and_shown(owner, iam):
    answer = owner.post("/identity/users/new", {"name": "bob", "path": "/staff/"})

    page = text(owner.get(answer.headers["Location"]))
    assert iam.get_user(UserName="bob")["User"]["Path"] == "/staff/"
    assert "user/staff/bob" in page and "aws --endpoint-url" in page


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"name": "alice"}, "name"), ({"name": "a b"}, "name"), ({"name": "carol", "path": "staff"}, "path")],
)
def test_a_refused_user_is_refused_at_its_field(owner, alice, fields, field):
    answer = owner.post("/identity/users/new", fields)

    assert answer.status_code == 422
    assert f'id="{field}-problem" role="alert"' in text(answer)


def test_policies_are_attached_and_detached(owner, alice, iam):
    owner.post("/identity/users/alice/attach", {"arn": READ_ONLY})
    assert [one["PolicyArn"] for one in iam.list_attached_user_policies(UserName="alice")["AttachedPolicies"]] == [
        READ_ONLY
    ]
    assert "Detach ReadOnlyAccess" in text(owner.get("/identity/users/alice/"))

    owner.post("/identity/users/alice/attach", {"detach": READ_ONLY})
    assert not iam.list_attached_user_policies(UserName="alice")["AttachedPolicies"]


def test_an_attachment_that_is_refused_stands_at_its_field(owner, alice):
    answer = owner.post("/identity/users/alice/attach", {"arn": "arn:aws:iam::aws:policy/NoSuch"})

    assert answer.status_code == 422
    assert 'id="arn-problem" role="alert"' in text(answer) and "does not exist or is not attachable" in text(answer)


def test_a_boundary_is_set_and_removed(owner, alice, iam):
    owner.post("/identity/users/alice/boundary", {"boundary": READ_ONLY, "act": "set"})
    assert iam.get_user(UserName="alice")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY

    owner.post("/identity/users/alice/boundary", {"act": "remove"})
    assert "PermissionsBoundary" not in iam.get_user(UserName="alice")["User"]


def test_a_new_key_is_told_once_and_works(owner, alice, stack):
    answer = owner.post("/identity/users/alice/keys", {"act": "create"})

    key = AccessKey.objects.get(user__name="alice", user__account=answer.wsgi_request.lab)
    page = text(answer)
    assert key.secret_access_key in page and "aws configure set aws_secret_access_key" in page
    assert "no-store" in answer.headers["Cache-Control"]
    later = text(owner.get("/identity/users/alice/?tab=keys"))
    assert key.access_key_id in later and key.secret_access_key not in later
    sts = boto3.client(
        "sts",
        endpoint_url=stack.aws_url,
        region_name="us-east-1",
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
    )
    assert sts.get_caller_identity()["Arn"].endswith("user/alice")


def test_a_key_is_stopped_started_and_deleted(owner, alice, iam):
    key = iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
    for act, status in (("stop", "Inactive"), ("start", "Active")):
        owner.post("/identity/users/alice/keys", {"act": act, "key": key})
        assert iam.list_access_keys(UserName="alice")["AccessKeyMetadata"][0]["Status"] == status

    owner.post("/identity/users/alice/keys", {"act": "delete", "key": key})
    assert not iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]


def test_a_third_key_is_refused_at_its_button(owner, alice, iam):
    for _ in range(2):
        iam.create_access_key(UserName="alice")

    answer = owner.post("/identity/users/alice/keys", {"act": "create"})

    assert answer.status_code == 422
    assert "Cannot exceed quota for AccessKeysPerUser: 2" in text(answer) and 'id="keys-problem"' in text(answer)


def test_users_enter_and_leave_groups_from_both_pages(owner, alice, iam):
    owner.post("/identity/groups/new", {"name": "staff", "path": "/"})
    owner.post("/identity/users/alice/membership", {"other": "staff"})
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName="alice")["Groups"]] == ["staff"]
    assert "alice" in text(owner.get("/identity/groups/staff/?tab=members"))

    owner.post("/identity/groups/staff/membership", {"remove": "alice"})
    assert not iam.list_groups_for_user(UserName="alice")["Groups"]


def test_policies_of_groups_are_shown_at_their_users(owner, alice, iam):
    iam.create_group(GroupName="staff")
    iam.put_group_policy(GroupName="staff", PolicyName="reading", PolicyDocument=json.dumps(READ))
    iam.add_user_to_group(GroupName="staff", UserName="alice")

    page = text(owner.get("/identity/users/alice/"))

    assert "By its groups" in page and "reading" in page


def test_a_user_who_still_has_something_is_not_deleted(owner, alice, iam):
    iam.put_user_policy(UserName="alice", PolicyName="reading", PolicyDocument=json.dumps(READ))

    refused = owner.post("/identity/users/alice/delete")
    owner.post("/identity/users/alice/inline/delete", {"policy": "reading"})
    owner.post("/identity/users/alice/delete")

    assert refused.status_code == 422 and "must delete policies first" in text(refused)
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_user(UserName="alice")


def test_a_managed_policy_has_versions_and_holders(owner, alice, iam):
    arn = iam.create_policy(PolicyName="reading", PolicyDocument=json.dumps(READ))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(READ))
    page = text(owner.get("/identity/policies/reading/"))
    assert "v2" in page and "/identity/users/alice/" in page

    owner.post("/identity/policies/reading/version", {"act": "default", "version": "v2"})
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    refused = owner.post("/identity/policies/reading/version", {"act": "delete", "version": "v2"})
    assert refused.status_code == 422 and "Cannot delete the default version" in text(refused)
    attached = owner.post("/identity/policies/reading/version", {"act": "delete-policy"})
    assert "Cannot delete a policy attached to entities" in text(attached)


def test_aws_own_policies_are_shown_and_have_no_acts(owner):
    page = text(owner.get("/identity/aws-policies/ReadOnlyAccess/"))

    assert "AWS&#x27;s own" in page or "AWS's own" in page
    assert "Delete policy" not in page


def test_the_page_of_a_role_shows_who_may_assume_it(owner, iam):
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(TRUST))

    page = text(owner.get("/identity/roles/reader/?tab=trust"))

    assert "lambda.amazonaws.com" in page and "never" in text(owner.get("/identity/roles/reader/"))


GETS = ("/identity/users/alice/", "/identity/users/alice/?tab=keys", "/identity/roles/reader/", "/identity/groups/staff/",
        "/identity/policies/reading/", "/identity/editor?kind=user&of=alice", "/identity/editor?kind=trust&of=reader",
        "/identity/editor?kind=managed&of=reading")  # fmt: skip
POSTS = (
    ("/identity/users/alice/attach", {"arn": READ_ONLY}),
    ("/identity/users/alice/keys", {"act": "create"}),
    ("/identity/users/alice/boundary", {"boundary": READ_ONLY, "act": "set"}),
    ("/identity/users/alice/membership", {"other": "staff"}),
    ("/identity/users/alice/inline/delete", {"policy": "own"}),
    ("/identity/users/alice/delete", {}),
    ("/identity/groups/staff/membership", {"remove": "alice"}),
    ("/identity/policies/reading/version", {"act": "delete-policy"}),
    ("/identity/editor", {"kind": "user", "of": "alice", "name": "x", "policy": json.dumps(READ), "act": "save"}),
    ("/identity/editor", {"kind": "trust", "of": "reader", "policy": json.dumps(TRUST), "act": "save"}),
    ("/identity/editor/check", {"kind": "user", "of": "alice", "policy": "{}"}),
    ("/identity/editor/ask", {"kind": "user", "of": "alice", "policy": ""}),
    ("/identity/editor/insert", {"kind": "group", "of": "staff", "ready": "0"}),
)


@pytest.fixture
def furnished(iam, alice):
    """Return a lab's IAM with one of each."""
    iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=json.dumps(READ))
    iam.create_group(GroupName="staff")
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_policy(PolicyName="reading", PolicyDocument=json.dumps(READ))
    return iam


def test_a_stranger_sees_404_everywhere(owner, other, furnished):
    for address in GETS:
        assert owner.get(address).status_code == 200, address
        assert other.get(address).status_code == 404, address
    for address, fields in POSTS:
        assert other.post(address, fields).status_code == 404, (address, fields)
    assert "alice" not in text(other.get("/identity/users/"))
    assert furnished.list_user_policies(UserName="alice")["PolicyNames"] == ["own"]
    assert not furnished.list_access_keys(UserName="alice")["AccessKeyMetadata"]


def test_a_strangers_bucket_is_not_opened_in_the_editor(owner, other, bucket):
    address = f"/identity/editor?kind=bucket&of={bucket}"
    fields = {"kind": "bucket", "of": bucket, "act": "save", "policy": json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]})}  # fmt: skip

    assert owner.get(address).status_code == 200
    assert other.get(address).status_code == 404
    assert other.post("/identity/editor", fields).status_code == 404
