"""Deployment packages: honest zips are unpacked once, others are refused with the real sentence."""

import io
import os
import stat
import zipfile

import pytest

from apps.functions import downloads, packages
from apps.functions.errors import BAD_ZIP, InvalidParameterValue, RequestTooLarge
from playground.wire.errors import ServiceError


def zipped(*entries, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def with_mode(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def refusal(data):
    with pytest.raises(ServiceError) as refused:
        packages.store(data)
    return refused.value


def test_a_zip_is_kept_and_unpacked_for_the_sandbox():
    data = zipped(("app.py", "x = 1"), ("lib/deep/part.py", "y = 2"), (with_mode("run.sh", 0o100700), "#!/bin/sh"))

    package = packages.store(data)

    task = packages.task_folder(package.digest)
    assert (task / "lib/deep/part.py").read_text() == "y = 2"
    assert packages.zip_path(package.digest).read_bytes() == data and package.size_bytes == len(data)
    assert stat.S_IMODE(os.stat(task / "app.py").st_mode) == 0o644
    assert stat.S_IMODE(os.stat(task / "run.sh").st_mode) == 0o755
    assert packages.store(data) == package


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x03\x04 truncated", zipped(("a", "b"))[:-10]])
def test_what_is_no_zip_is_refused_as_the_real_service_does(data):
    refused = refusal(data)

    assert isinstance(refused, InvalidParameterValue) and refused.message == BAD_ZIP


@pytest.mark.parametrize("name", ["../evil.py", "/etc/passwd", "a/../../evil.py", "..\\evil.py", "x" * 2000])
def test_names_that_lead_out_are_refused(name):
    assert BAD_ZIP in refusal(zipped((name, "x"))).message
    assert not (packages.settings.DATA_DIR / "evil.py").exists()


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o010644, 0o060600])
def test_links_and_devices_are_refused(mode):
    assert "link or a device" in refusal(zipped((with_mode("link", mode), "/etc/passwd"))).message


def test_a_bomb_is_refused_by_its_listing():
    assert "far more" in refusal(zipped(("zeros", b"\0" * 2**26))).message


def test_more_than_the_unzipped_limit_is_refused(monkeypatch):
    monkeypatch.setattr(packages, "UNZIPPED_BYTES", 1000)

    assert "Unzipped size" in refusal(zipped(("a", "x" * 600), ("b", "y" * 600))).message


def test_a_file_where_a_folder_is_is_refused():
    assert BAD_ZIP in refusal(zipped(("a", "file"), ("a/b", "inside a file"))).message


def test_an_empty_zip_is_refused():
    assert refusal(zipped()).message == "Uploaded file must be a non-empty zip"


def test_a_package_over_fifty_megabytes_is_too_large():
    assert isinstance(refusal(b"x" * (50 * 2**20 + 1)), RequestTooLarge)


def test_a_refused_package_leaves_nothing_behind():
    before = set(os.listdir(packages.settings.DATA_DIR / "functions"))

    refusal(zipped(("good.py", "x"), ("../evil.py", "x")))

    assert set(os.listdir(packages.settings.DATA_DIR / "functions")) == before


def test_only_a_signed_token_fetches_a_package():
    package = packages.store(zipped(("app.py", "x = 2")))

    token = downloads.token(package.digest)

    assert downloads.zip_file(token) == packages.zip_path(package.digest)
    assert downloads.zip_file(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert downloads.zip_file(package.digest) is None


def test_only_packages_that_nobody_wants_any_more_are_swept():
    old, wanted, fresh = (
        packages.store(zipped(("app.py", f"x = '{name}'"))).digest for name in ("old", "wanted", "fresh")
    )
    for digest in (old, wanted):
        os.utime(packages.folder(digest), (0, 0))

    packages.sweep({wanted})

    assert not packages.folder(old).exists()
    assert packages.folder(wanted).exists() and packages.folder(fresh).exists()
