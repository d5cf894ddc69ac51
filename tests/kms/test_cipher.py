"""The stream of stored bytes: any part of a file decrypts as it would within the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kms import cipher

KEY = bytes(range(32))
WHOLE = bytes(i * 7 % 251 for i in range(5000))


def encrypted(nonce, data=WHOLE):
    return cipher.Writer(KEY, nonce).update(data)


@given(st.binary(min_size=16, max_size=16), st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)))
def test_any_offset_and_length_decrypts_the_same_as_the_whole(nonce, offset, length):
    stored = encrypted(nonce)

    part = cipher.reader(KEY, nonce, offset).update(stored[offset : offset + length])

    assert part == WHOLE[offset : offset + length]


@given(st.lists(st.integers(0, 700), max_size=12))
def test_pieces_of_any_size_make_the_same_file(sizes):
    nonce = bytes(16)
    writer, at, pieces = cipher.Writer(KEY, nonce), 0, []

    for size in sizes:
        pieces.append(writer.update(WHOLE[at : at + size]))
        at += size

    assert b"".join(pieces) == encrypted(nonce, WHOLE[:at])


@pytest.mark.parametrize("offset", [0, 1, 15, 16, 17, 31, 32, 4095])
def test_the_counter_carries_over_the_end_of_its_range(offset):
    nonce = (2**128 - 2).to_bytes(16, "big")

    assert cipher.reader(KEY, nonce, offset).update(encrypted(nonce)[offset:]) == WHOLE[offset:]


def test_an_offset_beyond_four_gigabytes_is_counted_in_blocks():
    nonce, offset = cipher.new_nonce(), 5 * 2**32 + 3
    counter = (int.from_bytes(nonce, "big") + offset // 16) % 2**128

    near = cipher.Writer(KEY, counter.to_bytes(16, "big")).update(bytes(3) + WHOLE)[3:]

    assert cipher.reader(KEY, nonce, offset).update(near) == WHOLE


def test_a_buffer_can_be_encrypted_in_place():
    nonce, buffer = cipher.new_nonce(), bytearray(WHOLE)

    count = cipher.Writer(KEY, nonce).update_into(buffer, buffer)

    assert (count, bytes(buffer)) == (len(WHOLE), encrypted(nonce))


def test_it_is_the_counter_mode_that_nist_describes():
    """SP 800-38A, F.5.5: CTR-AES256."""
    key = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")

    found = cipher.Writer(key, bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")).update(plain)

    assert found.hex() == "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
