"""What IAM's policies let callers do, over the wire: users, groups, boundaries; and IAM guarded by itself."""

import pytest

from tests.identity.iam import ALLOW_ALL, client, document, refusal, trust, user

S3_READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


@pytest.fixture
def bucket(account):
    """Return a bucket of the owner's with one object."""
    name = f"b-{account.account_id}"
    s3 = account.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a.txt", Body=b"a")
    return name


def may_read(lab, keys, bucket):
    s3 = client(lab, "s3", keys)
    try:
        s3.get_object(Bucket=bucket, Key="a.txt")
    except s3.exceptions.ClientError as err:
        assert err.response["Error"]["Code"] == "AccessDenied"
        return False
    return True


def test_a_user_without_policies_may_do_nothing(account, bucket):
    arn, keys = user(account)

    refusals = [
        refusal(client(account, "s3", keys).get_object, Bucket=bucket, Key="a.txt"),
        refusal(client(account, "iam", keys).list_users),
        refusal(client(account, "lambda", keys).list_functions),
        refusal(client(account, "sqs", keys).list_queues),
    ]

    assert [one[0] for one in refusals[:3]] == [403, 403, 403]
    assert all("AccessDenied" in one[1] for one in refusals)
    assert refusals[1][2] == (
        f"User: {arn} is not authorized to perform: iam:ListUsers on resource: "
        f"arn:aws:iam::{account.account_id}:user/ because no identity-based policy allows the iam:ListUsers action"
    )
    assert client(account, "sts", keys).get_caller_identity()["Arn"] == arn


@pytest.mark.parametrize("way", ["inline", "managed", "group inline", "group managed"])
def test_a_policy_counts_from_the_next_request_on_and_until_it_is_gone(account, bucket, way):
    iam = account.client("iam")
    _arn, keys = user(account)
    iam.create_group(GroupName="staff")
    read = document(("Allow", "s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    give, take = {
        "inline": (
            lambda: iam.put_user_policy(UserName="mary", PolicyName="p", PolicyDocument=read),
            lambda: iam.delete_user_policy(UserName="mary", PolicyName="p"),
        ),
        "managed": (
            lambda: iam.attach_user_policy(UserName="mary", PolicyArn=S3_READ),
            lambda: iam.detach_user_policy(UserName="mary", PolicyArn=S3_READ),
        ),
        "group inline": (
            lambda: (
                iam.put_group_policy(GroupName="staff", PolicyName="p", PolicyDocument=read),
                iam.add_user_to_group(GroupName="staff", UserName="mary"),
            ),
            lambda: iam.remove_user_from_group(GroupName="staff", UserName="mary"),
        ),
        "group managed": (
            lambda: (
                iam.add_user_to_group(GroupName="staff", UserName="mary"),
                iam.attach_group_policy(GroupName="staff", PolicyArn=S3_READ),
            ),
            lambda: iam.detach_group_policy(GroupName="staff", PolicyArn=S3_READ),
        ),
    }[way]

    seen = [may_read(account, keys, bucket)]
    give()
    seen += [may_read(account, keys, bucket) for _ in range(4)]  # more than one process answers
    take()
    seen += [may_read(account, keys, bucket) for _ in range(4)]

    assert seen == [False, *[True] * 4, *[False] * 4]


def test_a_new_default_version_counts_at_once(account, bucket):
    iam = account.client("iam")
    _arn, keys = user(account)
    arn = iam.create_policy(PolicyName="mine", PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="mary", PolicyArn=arn)

    before = may_read(account, keys, bucket)
    nothing = document(("Allow", "sqs:*", "*"))
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=nothing, SetAsDefault=True)
    after = may_read(account, keys, bucket)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")

    assert (before, after, may_read(account, keys, bucket)) == (True, False, True)


def test_a_deny_beats_every_allow(account, bucket):
    iam = account.client("iam")
    _arn, keys = user(account, policy=ALLOW_ALL)
    iam.create_group(GroupName="careful")
    iam.put_group_policy(GroupName="careful", PolicyName="no", PolicyDocument=document(("Deny", "s3:GetObject", "*")))
    before = may_read(account, keys, bucket)

    iam.add_user_to_group(GroupName="careful", UserName="mary")

    assert (before, may_read(account, keys, bucket)) == (True, False)


def test_a_boundary_limits_and_gives_nothing(account, bucket):
    iam = account.client("iam")
    _arn, keys = user(account, PermissionsBoundary=S3_READ)
    seen = [may_read(account, keys, bucket)]

    iam.put_user_policy(UserName="mary", PolicyName="all", PolicyDocument=ALLOW_ALL)
    seen.append(may_read(account, keys, bucket))
    write = refusal(client(account, "s3", keys).put_object, Bucket=bucket, Key="b", Body=b"b")
    iam.delete_user_permissions_boundary(UserName="mary")
    client(account, "s3", keys).put_object(Bucket=bucket, Key="b", Body=b"b")

    assert seen == [False, True]
    assert write[1] == "AccessDenied" and "no permissions boundary allows" in write[2]


def test_policies_may_speak_of_the_user_and_its_tags(account, bucket):
    s3 = account.client("s3")
    s3.put_object(Bucket=bucket, Key="mary/x", Body=b"")
    s3.put_object(Bucket=bucket, Key="red/x", Body=b"")
    policy = document(
        (
            "Allow",
            "s3:GetObject",
            [f"arn:aws:s3:::{bucket}/{prefix}/*" for prefix in ("${aws:username}", "${aws:PrincipalTag/team}")],
        )
    )
    _arn, keys = user(account, policy=policy, Tags=[{"Key": "team", "Value": "red"}])
    theirs = client(account, "s3", keys)

    theirs.get_object(Bucket=bucket, Key="mary/x")
    theirs.get_object(Bucket=bucket, Key="red/x")

    assert refusal(theirs.get_object, Bucket=bucket, Key="a.txt")[1] == "AccessDenied"


# -- IAM itself -----------------------------------------------------------------------------------


def test_a_user_may_be_let_change_its_own_keys_only(account):
    arn, keys = user(account, policy=document(("Allow", "iam:*AccessKey*", "arn:aws:iam::*:user/${aws:username}")))
    user(account, "bob")
    iam = client(account, "iam", keys)

    made = iam.create_access_key()["AccessKey"]

    assert made["UserName"] == "mary"
    assert refusal(iam.create_access_key, UserName="bob")[1] == "AccessDenied"
    assert refusal(iam.list_users)[1] == "AccessDenied"


def test_a_user_may_be_let_attach_certain_policies_only(account):
    policy = document(
        {
            "Effect": "Allow",
            "Action": "iam:AttachUserPolicy",
            "Resource": "*",
            "Condition": {"ArnEquals": {"iam:PolicyARN": S3_READ}},
        }
    )
    _arn, keys = user(account, policy=policy)
    iam = client(account, "iam", keys)

    iam.attach_user_policy(UserName="mary", PolicyArn=S3_READ)

    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert refusal(iam.attach_user_policy, UserName="mary", PolicyArn=admin)[1] == "AccessDenied"


def test_users_may_be_made_only_within_a_boundary_and_under_a_path(account):
    policy = document(
        {
            "Effect": "Allow",
            "Action": "iam:CreateUser",
            "Resource": "arn:aws:iam::*:user/team/*",
            "Condition": {"StringEquals": {"iam:PermissionsBoundary": S3_READ, "aws:RequestTag/team": "red"}},
        }
    )
    _arn, keys = user(account, policy=policy)
    iam = client(account, "iam", keys)
    good = {"Path": "/team/", "PermissionsBoundary": S3_READ, "Tags": [{"Key": "team", "Value": "red"}]}

    iam.create_user(UserName="one", **good)

    for wrong in ({"Path": "/"}, {"PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}, {"Tags": []}):
        assert refusal(iam.create_user, UserName="two", **good | wrong)[1] == "AccessDenied"


def test_moving_a_user_needs_both_places(account):
    policy = document(("Allow", "iam:UpdateUser", "arn:aws:iam::*:user/a/*"))
    _arn, keys = user(account, policy=policy)
    account.client("iam").create_user(UserName="bob", Path="/a/")
    iam = client(account, "iam", keys)

    assert refusal(iam.update_user, UserName="bob", NewPath="/b/")[1] == "AccessDenied"
    iam.update_user(UserName="bob", NewPath="/a/c/")


# -- strangers ------------------------------------------------------------------------------------


def test_a_classmate_sees_and_changes_nothing(account, classmate):
    iam, theirs = account.client("iam"), classmate.client("iam")
    _arn, keys = user(account, policy=ALLOW_ALL)
    iam.create_group(GroupName="staff")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust(account.model.root_arn))
    arn = iam.create_policy(PolicyName="mine", PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]

    assert theirs.list_users()["Users"] == [] == theirs.list_groups()["Groups"]
    assert [one["RoleName"] for one in theirs.list_roles()["Roles"]] == ["lambda-role"]
    assert theirs.list_policies(Scope="Local")["Policies"] == []
    for operation, request in (
        ("get_user", {"UserName": "mary"}),
        ("delete_user", {"UserName": "mary"}),
        ("create_access_key", {"UserName": "mary"}),
        ("get_group", {"GroupName": "staff"}),
        ("get_role", {"RoleName": "worker"}),
        ("delete_role", {"RoleName": "worker"}),
        ("update_access_key", {"AccessKeyId": keys["AccessKeyId"], "Status": "Inactive"}),
        ("delete_access_key", {"AccessKeyId": keys["AccessKeyId"]}),
        ("attach_role_policy", {"RoleName": "lambda-role", "PolicyArn": arn}),
        ("put_role_permissions_boundary", {"RoleName": "lambda-role", "PermissionsBoundary": arn}),
    ):
        assert refusal(getattr(theirs, operation), **request)[1] == "NoSuchEntity", operation
    for operation, request in (
        ("get_policy", {"PolicyArn": arn}),
        ("get_policy_version", {"PolicyArn": arn, "VersionId": "v1"}),
        ("delete_policy", {"PolicyArn": arn}),
        ("list_entities_for_policy", {"PolicyArn": arn}),
        ("create_policy_version", {"PolicyArn": arn, "PolicyDocument": ALLOW_ALL}),
        ("get_access_key_last_used", {"AccessKeyId": keys["AccessKeyId"]}),
        ("simulate_principal_policy", {"PolicySourceArn": f"arn:aws:iam::{account.account_id}:user/mary",
                                       "ActionNames": ["s3:GetObject"]}),
    ):  # fmt: skip
        assert refusal(getattr(theirs, operation), **request)[1] == "AccessDenied", operation
    assert client(account, "iam", keys).get_user()["User"]["UserName"] == "mary"


def test_an_administrator_of_one_account_is_nobody_in_another(account, classmate, bucket):
    _arn, keys = user(classmate, policy=ALLOW_ALL)

    assert refusal(client(account, "s3", keys).get_object, Bucket=bucket, Key="a.txt")[:2] == (403, "AccessDenied")
    assert [one["UserName"] for one in client(account, "iam", keys).list_users()["Users"]] == ["mary"]
