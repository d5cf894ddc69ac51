"""Data keys of stored objects: whom they open for, and for whom never."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from apps.billing import levels
from apps.billing.models import StorageLevel
from apps.identity.models import Role
from apps.kms import envelope, keys, root
from apps.kms.models import Generation, Key, Material
from playground import clock
from playground.endpoints import context
from playground.wire.context import ANONYMOUS, Principal
from playground.wire.errors import ServiceError

OBJECT = {"aws:s3:arn": "arn:aws:s3:::photos/cat.jpg"}


@pytest.fixture
def ctx(account):
    return context(account.model)


def key_of(lab, **fields):
    return keys.make(lab.model, "us-east-1", clock.now(lab.model), **fields)


def as_role(lab, *statements):
    """Return a Context of a role of the lab that has one inline policy."""
    role = Role.objects.create(
        account=lab.model, name="clerk", trust_policy={}, policies={"own": {"Statement": list(statements)}}
    )
    arn = f"arn:aws:sts::{lab.account_id}:assumed-role/clerk/session"
    return context(lab.model, principal=Principal("role", arn, role.role_id, "clerk"))


def refused(code):
    return pytest.raises(ServiceError, match=rf"^{code}:")


# -- under the account's own key ----------------------------------------------------------------------


def test_an_objects_key_opens_for_its_account(account):
    data_key, wrapped = envelope.seal_account(account.model)

    assert len(data_key) == 32
    assert envelope.open_account(account.account_id, wrapped) == data_key
    assert data_key.hex() not in wrapped


def test_a_new_object_has_a_new_key(account):
    assert envelope.seal_account(account.model)[0] != envelope.seal_account(account.model)[0]


def test_an_objects_key_never_opens_for_a_classmate(account, classmate):
    _data_key, wrapped = envelope.seal_account(account.model)

    with pytest.raises(root.CannotOpen):
        envelope.open_account(classmate.account_id, wrapped)


@given(st.integers(0, 10**12 - 1), st.integers(0, 10**12 - 1), st.integers(1, 50))
def test_no_other_account_or_generation_opens_a_wrapped_key(mine, theirs, generation):
    mine, theirs = f"{mine:012d}", f"{theirs:012d}"
    under, bound = envelope._own(mine, generation)
    sealed = root.seal(under, bytes(32), bound)
    other = envelope._text(envelope.S3, sealed, generation + 1)

    assert envelope.open_account(mine, envelope._text(envelope.S3, sealed, generation)) == bytes(32)
    with pytest.raises(root.CannotOpen):
        envelope.open_account(mine, other)
    if theirs != mine:
        with pytest.raises(root.CannotOpen):
            envelope.open_account(theirs, envelope._text(envelope.S3, sealed, generation))


def test_what_older_generations_wrapped_opens_after_rotation(account):
    old = envelope.seal_account(account.model)

    assert envelope.rotate(account.model) == 2
    new = envelope.seal_account(account.model)

    assert [wrapped.split(".")[1] for _key, wrapped in (old, new)] == ["1", "2"]
    for data_key, wrapped in (old, new):
        assert envelope.open_account(account.account_id, wrapped) == data_key
    assert envelope.rotate(account.model) == 3
    assert Generation.objects.get(account=account.model).number == 3


@given(st.data())
def test_a_changed_wrapped_key_does_not_open(data):
    under, bound = envelope._own("123456789012", 1)
    sealed = bytearray(root.seal(under, bytes(32), bound))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))

    with pytest.raises(root.CannotOpen):
        envelope.open_account("123456789012", envelope._text(envelope.S3, bytes(sealed)))


@pytest.mark.parametrize("nonsense", ["", "s3", "s3.1", "s3.x.AAAA", "kms.1.AAAA", "s3.1.AAAA"])
def test_nonsense_is_no_wrapped_key(nonsense):
    with pytest.raises(root.CannotOpen):
        envelope.open_account("123456789012", nonsense)


# -- under the customer's key -------------------------------------------------------------------------


@given(st.binary(min_size=32, max_size=32))
def test_a_customers_key_opens_what_it_wrapped(customer_key):
    data_key, wrapped = envelope.seal_customer(customer_key)

    assert envelope.open_customer(customer_key, wrapped) == data_key
    with refused("AccessDenied"):
        envelope.open_customer(bytes(b ^ 1 for b in customer_key), wrapped)


# -- under a key of KMS -------------------------------------------------------------------------------


def test_without_a_name_the_accounts_own_s3_key_is_made_and_used(account, ctx):
    data_key, wrapped, arn = envelope.seal_kms(ctx, account.model, None, OBJECT)
    again = envelope.seal_kms(ctx, account.model, "alias/aws/s3", OBJECT)

    key = Key.objects.get(account=account.model)
    assert arn == key.arn == again[2]
    assert key.manager == "AWS"
    assert envelope.open_kms(ctx, wrapped, OBJECT) == data_key


def test_the_s3_key_is_used_through_s3_by_a_role_that_has_no_permission_on_it(account):
    role = as_role(account)

    data_key, wrapped, _arn = envelope.seal_kms(role, account.model, None, OBJECT)

    assert envelope.open_kms(role, wrapped, OBJECT) == data_key


def test_a_key_is_named_by_id_arn_alias_and_the_aliases_arn(account, ctx):
    key = key_of(account)
    now = clock.now(account.model)
    key.aliases.create(account=account.model, region=key.region, name="alias/mine", created_at=now, updated_at=now)
    alias_arn = key.arn.rpartition(":")[0] + ":alias/mine"

    for name in (key.key_id, key.arn, "alias/mine", alias_arn):
        data_key, wrapped, arn = envelope.seal_kms(ctx, account.model, name, OBJECT)
        assert arn == key.arn
        assert envelope.open_kms(ctx, wrapped, OBJECT) == data_key


def test_a_wrapped_key_opens_in_its_own_context_only(account, ctx):
    _data_key, wrapped, _arn = envelope.seal_kms(ctx, account.model, None, OBJECT)

    with refused("KMS.InvalidCiphertextException"):
        envelope.open_kms(ctx, wrapped, {"aws:s3:arn": "arn:aws:s3:::photos/dog.jpg"})


def test_what_a_key_wrapped_before_its_rotation_opens_after_it(account, ctx):
    key = key_of(account)
    data_key, wrapped, _arn = envelope.seal_kms(ctx, account.model, key.key_id, OBJECT)

    keys.add_material(key, ctx.now, "ON_DEMAND")

    _new, newer, _arn = envelope.seal_kms(ctx, account.model, key.key_id, OBJECT)
    assert envelope.open_kms(ctx, wrapped, OBJECT) == data_key
    assert envelope.open_kms(ctx, newer, OBJECT) == _new


def test_an_automatic_rotation_is_due_by_the_labs_clock(account, ctx):
    key = key_of(account, rotation_days=90, rotation_at=clock.now(account.model) + timedelta(days=90))
    data_key, wrapped, _arn = envelope.seal_kms(ctx, account.model, key.key_id, OBJECT)

    ctx.now += timedelta(days=200)

    assert envelope.open_kms(ctx, wrapped, OBJECT) == data_key
    assert list(key.materials.order_by("version").values_list("made_by", flat=True)) == ["", "AUTOMATIC", "AUTOMATIC"]


def test_material_is_kept_sealed_and_bound_to_its_key(account):
    key, other = key_of(account), key_of(account)
    secret = keys.secret_of(key, key.current())

    assert secret.hex() not in key.current().sealed
    Material.objects.filter(key=other).update(sealed=key.current().sealed)
    with pytest.raises(root.CannotOpen):
        keys.secret_of(other, other.current())


@pytest.mark.parametrize(
    ("state", "code"),
    [("Disabled", "KMS.DisabledException"), ("PendingDeletion", "KMS.KMSInvalidStateException")],
)
def test_a_key_that_is_not_enabled_neither_seals_nor_opens(account, ctx, state, code):
    key = key_of(account)
    _data_key, wrapped, _arn = envelope.seal_kms(ctx, account.model, key.key_id, OBJECT)

    Key.objects.filter(pk=key.pk).update(state=state, deletion_at=ctx.now + timedelta(days=7))

    with refused(code):
        envelope.seal_kms(ctx, account.model, key.key_id, OBJECT)
    with refused(code):
        envelope.open_kms(ctx, wrapped, OBJECT)


def test_a_key_whose_deletion_came_is_gone_with_all_it_wrapped(account, ctx):
    key = key_of(account)
    _data_key, wrapped, _arn = envelope.seal_kms(ctx, account.model, key.key_id, OBJECT)
    Key.objects.filter(pk=key.pk).update(state="PendingDeletion", deletion_at=ctx.now + timedelta(days=7))

    ctx.now += timedelta(days=7)

    with refused("KMS.NotFoundException"):
        envelope.open_kms(ctx, wrapped, OBJECT)
    assert not Key.objects.filter(pk=key.pk).exists()


@pytest.mark.parametrize(
    "name", ["0e3a8b0a-9f4e-4c1e-8a52-111111111111", "alias/none", "arn:aws:kms:eu-west-1:{0}:key/x", "nonsense"]
)
def test_a_key_that_does_not_exist_is_not_found(account, ctx, name):
    with refused("KMS.NotFoundException"):
        envelope.seal_kms(ctx, account.model, name.format(account.account_id), OBJECT)


def test_a_role_needs_both_kms_permissions(account):
    key = key_of(account)
    role = as_role(account, {"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": key.arn})

    _data_key, wrapped, _arn = envelope.seal_kms(role, account.model, key.key_id, OBJECT)

    with refused("AccessDenied"):
        envelope.open_kms(role, wrapped, OBJECT)


def test_a_role_without_permission_is_refused_although_the_key_names_its_account(account):
    key = key_of(account)

    with refused("AccessDenied"):
        envelope.seal_kms(as_role(account), account.model, key.key_id, OBJECT)


def test_a_policy_can_ask_for_s3_and_for_the_objects_name(account):
    condition = {
        "StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::photos/*"},
    }
    role = as_role(account, {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": condition})
    key = key_of(account)

    _data_key, wrapped, _arn = envelope.seal_kms(role, account.model, key.key_id, OBJECT)

    assert wrapped
    with refused("AccessDenied"):
        envelope.seal_kms(role, account.model, key.key_id, {"aws:s3:arn": "arn:aws:s3:::other/x"})


def test_a_key_whose_policy_forgot_the_root_user_refuses_the_root_user(account, ctx):
    policy = keys.default_policy(account.account_id)
    policy["Statement"][0]["Principal"] = {"AWS": f"arn:aws:iam::{account.account_id}:role/nobody"}
    key = key_of(account, policy_text=json.dumps(policy))

    with refused("AccessDenied"):
        envelope.seal_kms(ctx, account.model, key.key_id, OBJECT)


def test_a_classmate_neither_seals_nor_opens_and_learns_nothing(account, classmate, ctx):
    key = key_of(account)
    _data_key, wrapped, _arn = envelope.seal_kms(ctx, account.model, key.key_id, OBJECT)
    stranger = context(classmate.model)
    missing = key.arn[:-12] + "0" * 12

    for name in (key.arn, missing, key.arn.rpartition(":")[0] + ":alias/aws/s3"):
        with refused("AccessDenied"):
            envelope.seal_kms(stranger, classmate.model, name, OBJECT)
    with refused("AccessDenied"):
        envelope.open_kms(stranger, wrapped, OBJECT)
    with refused("KMS.NotFoundException"):
        envelope.seal_kms(stranger, classmate.model, key.key_id, OBJECT)
    assert Key.objects.filter(account=account.model).count() == 1


def test_a_classmate_whom_the_key_policy_names_may_use_it(account, classmate):
    policy = keys.default_policy(account.account_id)
    policy["Statement"].append(
        {
            "Effect": "Allow",
            "Principal": {"AWS": classmate.account_id},
            "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
            "Resource": "*",
        }
    )
    key = key_of(account, policy_text=json.dumps(policy))
    friend = context(classmate.model)

    data_key, wrapped, arn = envelope.seal_kms(friend, classmate.model, key.arn, OBJECT)

    assert arn == key.arn
    assert envelope.open_kms(friend, wrapped, OBJECT) == data_key


def test_a_service_uses_a_key_whose_policy_lets_it(account, ctx):
    source = f"arn:aws:cloudfront::{account.account_id}:distribution/E1"
    policy = keys.default_policy(account.account_id)
    policy["Statement"].append(
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceArn": source}},
        }
    )
    key = key_of(account, policy_text=json.dumps(policy))
    data_key, wrapped, _arn = envelope.seal_kms(ctx, account.model, key.key_id, OBJECT)

    def edge(arn):
        return context(account.model, principal=Principal("service", "", "", "cloudfront.amazonaws.com", arn))

    assert envelope.open_kms(edge(source), wrapped, OBJECT) == data_key
    with refused("AccessDenied"):
        envelope.open_kms(edge(source + "2"), wrapped, OBJECT)


def test_nobody_without_a_signature_uses_kms(account, ctx):
    _data_key, wrapped, _arn = envelope.seal_kms(ctx, account.model, None, OBJECT)
    ctx.account, ctx.principal = None, ANONYMOUS

    with refused("InvalidArgument"):
        envelope.open_kms(ctx, wrapped, OBJECT)


# -- the root key -------------------------------------------------------------------------------------


def test_the_root_key_is_one_file_that_only_its_owner_reads(stack, account):
    envelope.seal_account(account.model)

    file = stack.data_dir / "root-key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(file.read_bytes()) == 32
    assert not list(stack.data_dir.glob("root-key.*"))


def test_of_many_processes_that_need_a_root_key_one_makes_it(tmp_path):
    path = tmp_path / "root-key"

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(root._make, [path] * 32))

    assert [one.name for one in tmp_path.iterdir()] == ["root-key"]
    assert len(path.read_bytes()) == 32
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_damaged_root_key_stops_everything(tmp_path, monkeypatch):
    (tmp_path / "root-key").write_bytes(b"short")
    monkeypatch.setattr(root, "_path", lambda: tmp_path / "root-key")

    with pytest.raises(ImproperlyConfigured, match="damaged"):
        root.key.__wrapped__()


def test_a_reset_forgets_every_key_and_ends_its_bill(account, ctx):
    key = key_of(account)
    waiting = key_of(account, state="PendingDeletion", deletion_at=ctx.now + timedelta(days=9))
    levels.change(account.model, keys.SKU, waiting.arn, -keys.KEY_MONTH, ctx.now)
    envelope.seal_kms(ctx, account.model, None, OBJECT)

    keys.forget(account.model, clock.now(account.model))

    assert not Key.objects.filter(account=account.model).exists()
    held = StorageLevel.objects.filter(account=account.model, sku=keys.SKU)
    assert {row.resource: row.level_bytes for row in held} == {key.arn: 0, waiting.arn: 0}
