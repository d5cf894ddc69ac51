"""Keys through boto3: made, named, switched off, deleted, rotated, tagged; and what a classmate sees of them."""

import base64
import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from apps.billing import invoices, months
from apps.identity import keys as credentials
from apps.kms.models import Key
from playground import clock, hosts

MISSING = "0e3a8b0a-9f4e-4c1e-8a52-111111111111"


@pytest.fixture
def kms(account):
    return account.client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key(Description="mine")["KeyMetadata"]


def refused(code, message=""):
    return pytest.raises(ClientError, match=rf"\({code}\).*{message}")


def later(account, days):
    account.model.clock_offset_seconds += days * 86400
    account.model.save()
    time.sleep(credentials.TTL_SECONDS + 0.1)  # how long a server remembers an account, and so its clock


def state(kms, key):
    return kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"]


# -- making and describing ----------------------------------------------------------------------------


def test_a_new_key_is_symmetric_enabled_and_the_accounts_own(account, key):
    assert key["Arn"] == f"arn:aws:kms:us-east-1:{account.account_id}:key/{key['KeyId']}"
    assert re.fullmatch(r"[0-9a-f-]{36}", key["KeyId"])
    assert (key["KeyState"], key["Enabled"], key["KeyManager"]) == ("Enabled", True, "CUSTOMER")
    assert (key["KeySpec"], key["KeyUsage"], key["Origin"]) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS")
    assert key["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    assert key["MultiRegion"] is False
    assert key["Description"] == "mine"


@pytest.mark.parametrize(
    "asked",
    [
        {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"},
        {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"},
        {"KeyUsage": "SIGN_VERIFY"},
        {"CustomerMasterKeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"},
        {"Origin": "EXTERNAL"},
        {"MultiRegion": True},
        {"CustomKeyStoreId": "cks-1"},
    ],
)
def test_another_kind_of_key_is_refused_in_words(kms, asked):
    with refused("UnsupportedOperationException", "not built"):
        kms.create_key(**asked)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"KeySpec": "AES_512"}, "'keySpec' failed to satisfy constraint: Member must satisfy enum value set"),
        ({"Description": "x" * 8193}, "'description' failed to satisfy constraint: Member must have length less than"),
        ({"Tags": [{"TagKey": "", "TagValue": "x"}]}, "'tags.1.member.tagKey' failed"),
        ({"KeySpec": "SYMMETRIC_DEFAULT", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT"}, "deprecated"),
    ],
)
def test_nonsense_is_a_validation_exception(account, asked, words):
    with refused("ValidationException", re.escape(words)):
        account.client("kms", parameter_validation=False).create_key(**asked)


def test_keys_are_listed_in_pages(kms):
    made = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(3)]

    pages = list(kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}))

    assert [len(page["Keys"]) for page in pages] == [2, 1]
    assert [one["KeyId"] for page in pages for one in page["Keys"]] == made
    with refused("InvalidMarkerException"):
        kms.list_keys(Marker="nonsense")


def test_a_key_belongs_to_its_region(account, key):
    elsewhere = account.client("kms", region="eu-west-1")

    assert elsewhere.list_keys()["Keys"] == []
    with refused("NotFoundException", "does not exist"):
        elsewhere.describe_key(KeyId=key["KeyId"])
    with refused("NotFoundException", "Invalid arn us-east-1"):
        elsewhere.describe_key(KeyId=key["Arn"])


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        (MISSING, "NotFoundException", "Key 'arn:aws:kms:us-east-1:.*' does not exist"),
        ("alias/none", "NotFoundException", "Alias arn:aws:kms:us-east-1:.*:alias/none is not found"),
        ("nonsense", "NotFoundException", "Invalid keyId nonsense"),
        ("arn:aws:s3:::photos", "InvalidArnException", "not a valid ARN"),
    ],
)
def test_a_name_that_names_no_key_is_told_why(kms, name, code, words):
    with refused(code, words):
        kms.describe_key(KeyId=name)


def test_the_description_can_change(kms, key):
    kms.update_key_description(KeyId=key["KeyId"], Description="ours")

    assert kms.describe_key(KeyId=key["Arn"])["KeyMetadata"]["Description"] == "ours"


# -- aliases ------------------------------------------------------------------------------------------


def test_an_alias_names_a_key_and_moves_to_another(kms, key):
    other = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/app/main", TargetKeyId=key["KeyId"])

    found = kms.describe_key(KeyId="alias/app/main")["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName="alias/app/main", TargetKeyId=other["Arn"])
    moved = kms.describe_key(KeyId=key["Arn"].rpartition(":")[0] + ":alias/app/main")["KeyMetadata"]["KeyId"]

    assert (found, moved) == (key["KeyId"], other["KeyId"])
    (told,) = kms.list_aliases()["Aliases"]
    assert told["AliasName"] == "alias/app/main"
    assert told["AliasArn"].endswith(":alias/app/main")
    assert told["TargetKeyId"] == other["KeyId"]
    assert kms.list_aliases(KeyId=key["KeyId"])["Aliases"] == []
    kms.delete_alias(AliasName="alias/app/main")
    with refused("NotFoundException"):
        kms.describe_key(KeyId="alias/app/main")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("main", "ValidationException"),
        ("alias/", "ValidationException"),
        ("alias/a:b", "ValidationException"),
        ("alias/a b", "ValidationException"),
        ("alias/aws/mine", "NotAuthorizedException"),
    ],
)
def test_an_alias_has_a_name_of_its_own(kms, key, name, code):
    with refused(code):
        kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])


def test_an_alias_is_unique_and_names_a_key_not_an_alias(kms, key):
    kms.create_alias(AliasName="alias/one", TargetKeyId=key["KeyId"])

    with refused("AlreadyExistsException", "already exists"):
        kms.create_alias(AliasName="alias/one", TargetKeyId=key["KeyId"])
    with refused("ValidationException", "Not aliases"):
        kms.create_alias(AliasName="alias/two", TargetKeyId="alias/one")
    with refused("NotFoundException"):
        kms.delete_alias(AliasName="alias/none")
    with refused("InvalidArnException", "not supported"):
        kms.disable_key(KeyId="alias/one")


def test_the_key_of_s3_is_made_at_its_first_use_and_nobody_changes_it(kms):
    assert kms.list_aliases()["Aliases"] == []

    made = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]

    assert made["KeyManager"] == "AWS"
    assert [one["AliasName"] for one in kms.list_aliases()["Aliases"]] == ["alias/aws/s3"]
    assert kms.get_key_rotation_status(KeyId=made["KeyId"])["KeyRotationEnabled"] is True
    for act in (kms.disable_key, kms.schedule_key_deletion, kms.disable_key_rotation, kms.rotate_key_on_demand):
        with refused("AccessDeniedException"):
            act(KeyId=made["KeyId"])
    with refused("AccessDeniedException"):  # through S3 only
        kms.encrypt(KeyId="alias/aws/s3", Plaintext=b"x")


def test_the_key_of_s3_is_one_however_many_ask_for_it_at_once(kms):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"], range(16)))

    assert len(set(made)) == 1
    assert len(kms.list_keys()["Keys"]) == 1


# -- states -------------------------------------------------------------------------------------------


def test_a_disabled_key_does_nothing_until_it_is_enabled(kms, key):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key["KeyId"])

    assert state(kms, key) == "Disabled"
    for act in (
        lambda: kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=blob),
        lambda: kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256"),
        lambda: kms.enable_key_rotation(KeyId=key["KeyId"]),
        lambda: kms.rotate_key_on_demand(KeyId=key["KeyId"]),
    ):
        with refused("DisabledException", "is disabled"):
            act()
    kms.enable_key(KeyId=key["KeyId"])
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_deletion_waits_and_can_be_cancelled(kms, key):
    asked = kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)

    assert asked["KeyState"] == state(kms, key) == "PendingDeletion"
    assert asked["PendingWindowInDays"] == 7
    assert asked["KeyId"] == key["Arn"]
    for act in (
        lambda: kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x"),
        lambda: kms.enable_key(KeyId=key["KeyId"]),
        lambda: kms.create_alias(AliasName="alias/late", TargetKeyId=key["KeyId"]),
        lambda: kms.schedule_key_deletion(KeyId=key["KeyId"]),
        lambda: kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "a", "TagValue": "b"}]),
    ):
        with refused("KMSInvalidStateException", "is pending deletion"):
            act()
    kms.cancel_key_deletion(KeyId=key["KeyId"])
    assert state(kms, key) == "Disabled"
    with refused("KMSInvalidStateException", "is not pending deletion"):
        kms.cancel_key_deletion(KeyId=key["KeyId"])


@pytest.mark.parametrize("days", [6, 31])
def test_a_deletion_waits_seven_to_thirty_days(kms, key, days):
    with refused("ValidationException", "pendingWindowInDays"):
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=days)


def test_a_deleted_key_is_gone_with_its_aliases_when_the_labs_clock_says_so(account, kms, key):
    kms.create_alias(AliasName="alias/one", TargetKeyId=key["KeyId"])
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)

    later(account, 8)

    assert kms.list_keys()["Keys"] == kms.list_aliases()["Aliases"] == []
    with refused("AccessDeniedException", "does not exist"):
        kms.decrypt(CiphertextBlob=blob)


# -- rotation -----------------------------------------------------------------------------------------


def test_rotation_is_off_until_it_is_turned_on(kms, key):
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is False

    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=100)

    told = kms.get_key_rotation_status(KeyId=key["KeyId"])
    assert (told["KeyRotationEnabled"], told["RotationPeriodInDays"]) == (True, 100)
    assert timedelta(days=99) < told["NextRotationDate"] - key["CreationDate"] < timedelta(days=101)
    kms.disable_key_rotation(KeyId=key["KeyId"])
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is False


@pytest.mark.parametrize("days", [89, 2561])
def test_a_rotation_period_has_bounds(account, key, days):
    kms = account.client("kms", parameter_validation=False)

    with refused("ValidationException", "rotationPeriodInDays"):
        kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=days)


def test_old_ciphertext_opens_after_rotations_of_both_kinds(account, kms, key):
    old = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"old")["CiphertextBlob"]
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    assert kms.rotate_key_on_demand(KeyId=key["KeyId"])["KeyId"] == key["KeyId"]
    later(account, 91)
    new = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"new")["CiphertextBlob"]

    opened = [kms.decrypt(CiphertextBlob=blob) for blob in (old, new)]

    assert [one["Plaintext"] for one in opened] == [b"old", b"new"]
    assert opened[0]["KeyMaterialId"] == key["CurrentKeyMaterialId"] != opened[1]["KeyMaterialId"]
    told = kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"]
    assert [one["RotationType"] for one in told] == ["ON_DEMAND", "AUTOMATIC"]
    assert [one["KeyMaterialState"] for one in told] == ["NON_CURRENT", "CURRENT"]
    everything = kms.list_key_rotations(KeyId=key["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert everything[0]["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    assert "RotationType" not in everything[0]


def test_a_disabled_key_rotates_when_it_is_enabled_again(account, kms, key):
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    kms.disable_key(KeyId=key["KeyId"])
    later(account, 300)
    assert kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"] == []

    kms.enable_key(KeyId=key["KeyId"])

    assert len(kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"]) == 1
    told = kms.get_key_rotation_status(KeyId=key["KeyId"])
    assert told["NextRotationDate"] > clock.now(account.model) + timedelta(days=89)


def test_on_demand_rotations_have_an_end(account, kms, key):
    row = Key.objects.get(key_id=key["KeyId"])
    for version in range(2, 27):
        row.materials.create(version=version, material_id="0" * 64, sealed="00", made_by="ON_DEMAND", created_at=key["CreationDate"])  # fmt: skip

    with refused("LimitExceededException"):
        kms.rotate_key_on_demand(KeyId=key["KeyId"])


# -- tags ---------------------------------------------------------------------------------------------


def test_tags_are_added_changed_and_removed(kms):
    key = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyMetadata"]["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "2"}, {"TagKey": "b", "TagValue": ""}])
    kms.untag_resource(KeyId=key, TagKeys=["b", "c"])

    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "a", "TagValue": "2"}]


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([("aws:x", "1")], "TagException"),
        ([("a", "1"), ("a", "2")], "TagException"),
        ([(str(n), "") for n in range(51)], "LimitExceededException"),
    ],
)
def test_a_wrong_tag_is_refused(kms, key, tags, code):
    with refused(code):
        kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": name, "TagValue": value} for name, value in tags])


# -- the bill -----------------------------------------------------------------------------------------


def test_keys_and_requests_are_billed_and_waiting_for_deletion_is_free(account, kms, key):
    for _ in range(3):
        kms.generate_random(NumberOfBytes=8)
    kms.describe_key(KeyId="alias/aws/s3")
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    kms.schedule_key_deletion(KeyId=key["KeyId"])

    lines = {line.sku: line for line in invoices.invoice(account.model).lines if line.service.startswith("AWS Key")}

    assert lines["kms.key"].resource == key["Arn"]
    assert 0 < lines["kms.key"].quantity < 0.001
    assert sum(line.metered for line in invoices.invoice(account.model).lines if line.sku == "kms.requests") == 7


def test_a_key_costs_a_dollar_a_month_and_two_rotations_as_much_again(account, kms, key):
    for _ in range(4):
        kms.rotate_key_on_demand(KeyId=key["KeyId"])
    account.model.clock_offset_seconds += 80 * 86400

    month = months.following(key["CreationDate"].strftime("%Y-%m"))
    line = next(x for x in invoices.invoice(account.model, month).lines if x.sku == "kms.key")

    assert line.amount == 3


def test_a_key_that_is_kept_after_all_costs_as_though_it_never_waited(account, kms, key):
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=30)
    later(account, 29)
    kms.cancel_key_deletion(KeyId=key["KeyId"])
    account.model.clock_offset_seconds += 80 * 86400

    month = months.of(key["CreationDate"])
    spent = [
        line.amount
        for one in (month, months.following(month), months.following(months.following(month)))
        for line in invoices.invoice(account.model, one).lines
        if line.sku == "kms.key"
    ]

    assert spent[1:] == [1, 1]
    assert 0 < spent[0] <= 1


# -- the stranger -------------------------------------------------------------------------------------


def test_a_classmate_sees_and_touches_nothing(account, classmate, kms, key):
    kms.create_alias(AliasName="alias/one", TargetKeyId=key["KeyId"])
    stranger = classmate.client("kms")
    arn = key["Arn"]

    assert stranger.list_keys()["Keys"] == stranger.list_aliases()["Aliases"] == []
    for act in (
        lambda name: stranger.describe_key(KeyId=name),
        lambda name: stranger.encrypt(KeyId=name, Plaintext=b"x"),
        lambda name: stranger.generate_data_key(KeyId=name, KeySpec="AES_256"),
        lambda name: stranger.disable_key(KeyId=name),
        lambda name: stranger.schedule_key_deletion(KeyId=name),
        lambda name: stranger.get_key_policy(KeyId=name),
        lambda name: stranger.put_key_policy(KeyId=name, Policy="{}"),
        lambda name: stranger.list_grants(KeyId=name),
        lambda name: stranger.get_key_rotation_status(KeyId=name),
        lambda name: stranger.list_resource_tags(KeyId=name),
        lambda name: stranger.create_alias(AliasName="alias/theirs", TargetKeyId=name),
    ):
        words = []
        for name in (arn, arn.replace(key["KeyId"], MISSING)):
            with refused("AccessDeniedException") as caught:
                act(name)
            words.append(str(caught.value).replace(name, ""))
        assert words[0] == words[1]
    with refused("NotFoundException"):
        stranger.describe_key(KeyId=key["KeyId"])
    with refused("AccessDeniedException"):
        stranger.describe_key(KeyId=arn.rpartition(":")[0] + ":alias/one")
    assert state(kms, key) == "Enabled"


def test_rotations_at_once_each_make_material(kms, key):
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: kms.rotate_key_on_demand(KeyId=key["KeyId"]), range(12)))

    assert len(kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"]) == 12


# -- addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["kms.eu-west-1.amazonaws.com", "kms.eu-west-1.localhost:4566"])
def test_kms_is_known_by_its_host_names(host):
    assert hosts.aws_target(host, lambda _: None, lambda _: None, "/") == hosts.Target("kms", None, "eu-west-1")


def test_kms_is_known_by_its_target():
    header = {"x-amz-target": "TrentService.ListKeys"}.get

    assert hosts.aws_target("localhost:4566", header, lambda _: None, "/").service == "kms"


def test_the_aws_cli_makes_a_key_and_uses_it(account, tmp_path):
    def aws(*words):
        aws = Path(sys.executable).with_name("aws")
        done = subprocess.run(
            [aws, "kms", *words, "--output", "json"], env=account.env, capture_output=True, check=True
        )
        return json.loads(done.stdout)

    (tmp_path / "plain").write_bytes(b"attack at dawn")
    key = aws("create-key", "--description", "from the shell")["KeyMetadata"]["KeyId"]
    blob = aws("encrypt", "--key-id", key, "--plaintext", f"fileb://{tmp_path}/plain")["CiphertextBlob"]
    (tmp_path / "blob").write_bytes(base64.b64decode(blob))

    opened = aws("decrypt", "--ciphertext-blob", f"fileb://{tmp_path}/blob")

    assert base64.b64decode(opened["Plaintext"]) == b"attack at dawn"


def test_nobody_without_a_signature_comes_in(stack):
    asked = urllib.request.Request(stack.aws_url, b"{}", {"X-Amz-Target": "TrentService.ListKeys"})

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(asked)

    assert json.loads(caught.value.read())["__type"] == "MissingAuthenticationTokenException"
