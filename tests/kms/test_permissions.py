"""Who may use a key: its policy, the account's own policies, grants."""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from apps.identity import sessions
from apps.identity.models import Role
from apps.kms import keys
from playground import clock
from playground.wire.context import Principal


@pytest.fixture
def kms(account):
    return account.client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def refused(code, message=""):
    return pytest.raises(ClientError, match=rf"\({code}\).*{message}")


def role_of(lab, *statements, name="clerk"):
    """Return (the role's ARN, a KMS client of a session of it)."""
    policies = {"own": {"Version": "2012-10-17", "Statement": list(statements)}} if statements else {}
    role = Role.objects.create(account=lab.model, name=name, trust_policy={}, policies=policies)
    arn = f"arn:aws:sts::{lab.account_id}:assumed-role/{name}/session"
    issued = sessions.issue(lab.model, Principal("role", arn, role.role_id, name), 900, clock.real_now())
    client = boto3.client(
        "kms",
        endpoint_url=lab.stack.aws_url,
        region_name="us-east-1",
        aws_access_key_id=issued[0],
        aws_secret_access_key=issued[1],
        aws_session_token=issued[2],
        config=Config(retries={"max_attempts": 1}),
    )
    return role.arn, client


def allow(*actions, resource="*", **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def policy_with(lab, *statements):
    document = keys.default_policy(lab.account_id)
    document["Statement"] += [{"Resource": "*", **one} for one in statements]
    return json.dumps(document)


# -- policies -----------------------------------------------------------------------------------------


def test_a_new_key_has_the_default_policy(account, kms, key):
    told = kms.get_key_policy(KeyId=key)

    assert told["PolicyName"] == "default"
    assert json.loads(told["Policy"]) == keys.default_policy(account.account_id)
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    with refused("NotFoundException"):
        kms.get_key_policy(KeyId=key, PolicyName="other")


def test_under_the_default_policy_the_roles_own_policies_decide(account, kms, key):
    _arn, able = role_of(account, allow("kms:Encrypt", resource=key))
    _arn, unable = role_of(account, name="idle")

    blob = able.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]

    with refused("AccessDeniedException", "no identity-based policy allows the kms:Decrypt action"):
        able.decrypt(CiphertextBlob=blob)
    with refused("AccessDeniedException", "no identity-based policy allows the kms:Encrypt action"):
        unable.encrypt(KeyId=key, Plaintext=b"x")


def test_a_key_policy_lets_a_role_in_by_name(account, kms, key):
    arn, clerk = role_of(account)
    kms.put_key_policy(KeyId=key, Policy=policy_with(account, {**allow("kms:Encrypt"), "Principal": {"AWS": arn}}))

    assert clerk.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    with refused("AccessDeniedException"):
        clerk.describe_key(KeyId=key)


def test_a_policy_that_leaves_the_account_out_leaves_its_root_user_out(account, kms, key):
    arn, clerk = role_of(account, allow("kms:*"))
    only = {"Version": "2012-10-17", "Statement": [{**allow("kms:*"), "Principal": {"AWS": arn}}]}

    kms.put_key_policy(KeyId=key, Policy=json.dumps(only), BypassPolicyLockoutSafetyCheck=True)

    with refused("AccessDeniedException", "no resource-based policy allows the kms:Encrypt action"):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    assert clerk.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key


def test_nobody_locks_themselves_out_by_accident(account, kms, key):
    arn, _clerk = role_of(account)
    only = json.dumps({"Version": "2012-10-17", "Statement": [{**allow("kms:*"), "Principal": {"AWS": arn}}]})

    with refused("MalformedPolicyDocumentException", "will not allow you to update the key policy"):
        kms.put_key_policy(KeyId=key, Policy=only)
    with refused("MalformedPolicyDocumentException", "will not allow you to update the key policy"):
        kms.create_key(Policy=only)
    assert len(kms.list_keys()["Keys"]) == 1


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"Statement": []}', '{"Statement": [{"Effect": "Perhaps", "Principal": "*"}]}']
)
def test_a_policy_that_is_none_is_refused(kms, key, text):
    with refused("MalformedPolicyDocumentException"):
        kms.put_key_policy(KeyId=key, Policy=text, BypassPolicyLockoutSafetyCheck=True)


def test_a_deny_in_the_key_policy_beats_the_root_user(account, kms, key):
    kms.put_key_policy(
        KeyId=key,
        Policy=policy_with(account, {"Effect": "Deny", "Action": "kms:Encrypt", "Principal": "*"}),
    )

    with refused("AccessDeniedException", "with an explicit deny in a resource-based policy"):
        kms.encrypt(KeyId=key, Plaintext=b"x")


def test_a_policy_can_ask_for_an_encryption_context(account, kms, key):
    condition = {"StringEquals": {"kms:EncryptionContext:team": "red"}}
    _arn, clerk = role_of(account, allow("kms:Encrypt", Condition=condition))

    assert clerk.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"team": "red"})["KeyId"] == key
    with refused("AccessDeniedException"):
        clerk.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"team": "blue"})


def test_a_policy_can_ask_for_a_service_in_between(account, kms, key):
    condition = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    _arn, clerk = role_of(account, allow("kms:*", Condition=condition))

    with refused("AccessDeniedException"):
        clerk.encrypt(KeyId=key, Plaintext=b"x")


def test_a_policy_can_name_keys_by_alias(account, kms, key):
    kms.create_alias(AliasName="alias/red", TargetKeyId=key)
    other = kms.create_key()["KeyMetadata"]["Arn"]
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/red"}}
    _arn, clerk = role_of(account, allow("kms:Encrypt", Condition=condition))

    assert clerk.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    with refused("AccessDeniedException"):
        clerk.encrypt(KeyId=other, Plaintext=b"x")


def test_across_accounts_both_sides_must_allow(account, classmate, kms, key):
    shared = {**allow("kms:Encrypt", "kms:Decrypt"), "Principal": {"AWS": f"arn:aws:iam::{classmate.account_id}:root"}}
    kms.put_key_policy(KeyId=key, Policy=policy_with(account, shared))
    friend = classmate.client("kms")
    _arn, idle = role_of(classmate)

    blob = friend.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]

    assert friend.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with refused("AccessDeniedException"):
        idle.encrypt(KeyId=key, Plaintext=b"x")
    with refused("AccessDeniedException"):
        friend.put_key_policy(KeyId=key, Policy="{}")


# -- grants -------------------------------------------------------------------------------------------


def test_a_grant_lets_a_role_in_without_any_policy(account, kms, key):
    arn, clerk = role_of(account)
    made = kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["Encrypt", "Decrypt"], Name="clerk")

    blob = clerk.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]

    assert clerk.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with refused("AccessDeniedException"):
        clerk.generate_data_key(KeyId=key, KeySpec="AES_256")
    (told,) = kms.list_grants(KeyId=key)["Grants"]
    assert told["GrantId"] == made["GrantId"]
    assert told["GranteePrincipal"] == arn
    assert told["Operations"] == ["Encrypt", "Decrypt"]
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    with refused("AccessDeniedException"):
        clerk.decrypt(CiphertextBlob=blob)


def test_a_grant_holds_for_its_encryption_context(account, kms, key):
    arn, clerk = role_of(account)
    kms.create_grant(
        KeyId=key,
        GranteePrincipal=arn,
        Operations=["Encrypt"],
        Constraints={"EncryptionContextSubset": {"team": "red"}},
    )

    assert clerk.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"team": "red", "n": "1"})["KeyId"] == key
    with refused("AccessDeniedException"):
        clerk.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"team": "blue"})


def test_the_same_grant_by_name_is_one(account, kms, key):
    arn, _clerk = role_of(account)
    asked = {"KeyId": key, "GranteePrincipal": arn, "Operations": ["Encrypt"]}

    named = [kms.create_grant(**asked, Name="one")["GrantId"] for _ in range(2)]
    unnamed = [kms.create_grant(**asked)["GrantId"] for _ in range(2)]

    assert named[0] == named[1]
    assert unnamed[0] != unnamed[1]
    assert len(kms.list_grants(KeyId=key)["Grants"]) == 3


def test_a_grantee_cannot_give_more_than_it_has(account, kms, key):
    arn, clerk = role_of(account)
    other, _client = role_of(account, name="other")
    kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["Encrypt", "CreateGrant"])

    assert clerk.create_grant(KeyId=key, GranteePrincipal=other, Operations=["Encrypt"])["GrantId"]
    with refused("AccessDeniedException", "more than"):
        clerk.create_grant(KeyId=key, GranteePrincipal=other, Operations=["Decrypt"])


def test_a_grant_is_retired_by_whom_it_names(account, classmate, kms, key):
    arn, clerk = role_of(account)
    retirer, other = role_of(account, name="retirer")
    asked = {"KeyId": key, "GranteePrincipal": arn, "RetiringPrincipal": retirer, "Operations": ["Encrypt"]}
    first, second, third = (kms.create_grant(**asked) for _ in range(3))

    with refused("AccessDeniedException"):
        clerk.retire_grant(GrantToken=first["GrantToken"])
    with refused("AccessDeniedException"):
        classmate.client("kms").retire_grant(KeyId=key, GrantId=first["GrantId"])
    other.retire_grant(GrantToken=first["GrantToken"])
    other.retire_grant(KeyId=key, GrantId=second["GrantId"])
    kms.retire_grant(GrantToken=third["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
    with refused("InvalidGrantTokenException"):
        other.retire_grant(GrantToken=first["GrantToken"])


def test_retirable_grants_are_listed_for_their_principal(account, kms, key):
    arn, _clerk = role_of(account)
    made = kms.create_grant(KeyId=key, GranteePrincipal=arn, RetiringPrincipal=arn, Operations=["Encrypt"])

    (told,) = kms.list_retirable_grants(RetiringPrincipal=arn)["Grants"]

    assert told["GrantId"] == made["GrantId"]
    assert told["RetiringPrincipal"] == arn


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"GranteePrincipal": "bob", "Operations": ["Encrypt"]}, "InvalidArnException"),
        ({"Operations": ["Encrypt"]}, "ValidationException"),
        ({"GranteePrincipal": "arn:aws:iam::123456789012:root", "Operations": ["Sign"]}, "ValidationException"),
        ({"GranteePrincipal": "arn:aws:iam::123456789012:root", "Operations": ["Dance"]}, "ValidationException"),
        ({"GranteeServicePrincipal": "s3.amazonaws.com", "Operations": ["Encrypt"]}, "ValidationException"),
    ],
)
def test_a_wrong_grant_is_refused(account, key, asked, code):
    with refused(code):
        account.client("kms", parameter_validation=False).create_grant(KeyId=key, **asked)


def test_a_grant_that_does_not_exist_cannot_be_revoked(kms, key):
    with refused("NotFoundException", "Grant ID"):
        kms.revoke_grant(KeyId=key, GrantId="0" * 64)
