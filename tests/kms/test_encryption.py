"""Encrypt, Decrypt, ReEncrypt and data keys through boto3."""

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from apps.kms import ciphertext, root

HEAD = ciphertext.Head("123456789012", "0e3a8b0a-9f4e-4c1e-8a52-111111111111", 3)
MATERIAL = bytes(range(32))
CONTEXTS = st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=4)


@pytest.fixture
def kms(account):
    return account.client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def refused(code, message=""):
    return pytest.raises(ClientError, match=rf"\({code}\).*{message}")


# -- the blob -----------------------------------------------------------------------------------------


@given(st.binary(max_size=64), CONTEXTS)
def test_a_blob_names_its_key_and_opens(plain, context):
    blob = ciphertext.seal(MATERIAL, HEAD, plain, context)

    assert ciphertext.read(blob) == HEAD
    assert ciphertext.unseal(MATERIAL, blob, dict(reversed(context.items()))) == plain


@given(CONTEXTS, CONTEXTS)
def test_a_blob_opens_in_its_own_context_only(mine, theirs):
    blob = ciphertext.seal(MATERIAL, HEAD, b"plain", mine)

    if mine != theirs:
        with pytest.raises(root.CannotOpen):
            ciphertext.unseal(MATERIAL, blob, theirs)


@given(st.data())
def test_a_changed_blob_does_not_open(data):
    blob = bytearray(ciphertext.seal(MATERIAL, HEAD, b"plain", {"a": "b"}))
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))

    with pytest.raises(root.CannotOpen):
        ciphertext.unseal(MATERIAL, bytes(blob), {"a": "b"})


# -- the operations -----------------------------------------------------------------------------------


def test_what_was_encrypted_decrypts_without_naming_the_key(kms, key):
    made = kms.encrypt(KeyId=key, Plaintext=b"attack at dawn")

    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"])

    assert opened["Plaintext"] == b"attack at dawn"
    assert made["KeyId"] == opened["KeyId"] == key
    assert opened["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert b"attack" not in made["CiphertextBlob"]


def test_the_encryption_context_must_be_the_same(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1", "b": "2"})["CiphertextBlob"]

    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext={"b": "2", "a": "1"})["Plaintext"] == b"x"
    for context in ({}, {"a": "1"}, {"a": "1", "b": "3"}):
        with refused("InvalidCiphertextException"):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)


def test_a_key_that_is_named_must_be_the_one(kms, key):
    other = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]

    assert kms.decrypt(CiphertextBlob=blob, KeyId=key)["Plaintext"] == b"x"
    with refused("IncorrectKeyException"):
        kms.decrypt(CiphertextBlob=blob, KeyId=other)


@pytest.mark.parametrize("blob", [b"x", b"\x01" + b"x" * 80, b"\x02" * 200])
def test_what_is_no_ciphertext_is_refused(kms, blob):
    with pytest.raises(ClientError) as caught:
        kms.decrypt(CiphertextBlob=blob)

    assert caught.value.response["Error"]["Code"] in ("InvalidCiphertextException", "AccessDeniedException")


@pytest.mark.parametrize("size", [0, 4097])
def test_encrypt_takes_one_to_4096_bytes(account, key, size):
    with refused("ValidationException", "Value at 'plaintext' failed"):
        account.client("kms", parameter_validation=False).encrypt(KeyId=key, Plaintext=b"x" * size)


def test_4096_bytes_are_encrypted(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * 4096)["CiphertextBlob"]

    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x" * 4096


def test_an_algorithm_of_other_keys_is_refused(kms, key):
    with refused("InvalidKeyUsageException"):
        kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")


@pytest.mark.parametrize(
    ("asked", "size"), [({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 57}, 57)]
)
def test_a_data_key_comes_open_and_encrypted(kms, key, asked, size):
    made = kms.generate_data_key(KeyId=key, EncryptionContext={"a": "b"}, **asked)

    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "b"})

    assert len(made["Plaintext"]) == size
    assert opened["Plaintext"] == made["Plaintext"]
    assert opened["KeyMaterialId"] == made["KeyMaterialId"]


@pytest.mark.parametrize("asked", [{}, {"KeySpec": "AES_256", "NumberOfBytes": 32}])
def test_a_data_key_has_one_size(kms, key, asked):
    with refused("ValidationException", "either number of bytes or key spec"):
        kms.generate_data_key(KeyId=key, **asked)


def test_a_data_key_can_come_encrypted_only(kms, key):
    made = kms.generate_data_key_without_plaintext(KeyId=key)

    assert "Plaintext" not in made
    assert len(kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"]) == 32


def test_reencryption_changes_key_and_context(kms, key):
    other = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]

    made = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext={"a": "1"},
        DestinationKeyId=other,
        DestinationEncryptionContext={"b": "2"},
    )

    assert (made["SourceKeyId"], made["KeyId"]) == (key, other)
    kms.schedule_key_deletion(KeyId=key)
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"b": "2"})["Plaintext"] == b"x"
    with refused("KMSInvalidStateException"):
        kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext={"a": "1"}, DestinationKeyId=other)


def test_random_bytes_are_random(kms):
    first, second = (kms.generate_random(NumberOfBytes=1024)["Plaintext"] for _ in range(2))

    assert len(first) == len(second) == 1024
    assert first != second
    with refused("ValidationException", "numberOfBytes"):
        kms.generate_random()


def test_a_dry_run_says_that_it_would_have_worked(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]

    for act in (
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True),
        lambda: kms.decrypt(CiphertextBlob=blob, DryRun=True),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256", DryRun=True),
    ):
        with refused("DryRunOperationException"):
            act()


def test_a_classmate_who_finds_a_ciphertext_learns_nothing(classmate, kms, key):
    stranger = classmate.client("kms")
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    mine = stranger.create_key()["KeyMetadata"]["Arn"]

    with refused("AccessDeniedException", "not allowed to access"):
        stranger.decrypt(CiphertextBlob=blob)
    with refused("AccessDeniedException"):
        stranger.decrypt(CiphertextBlob=blob, KeyId=key)
    with refused("IncorrectKeyException"):
        stranger.decrypt(CiphertextBlob=blob, KeyId=mine)
    with refused("AccessDeniedException"):
        stranger.re_encrypt(CiphertextBlob=blob, DestinationKeyId=mine)
