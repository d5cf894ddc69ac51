"""Uploads in a browser: folders, parts, pause and resume (also after a reload), cancel, and what is left unfinished."""

import hashlib
import json
import os

import pytest
from playwright.sync_api import expect

from tests import journey
from tests.pages_buckets.conftest import violations

MIB = 2**20
ROW = "#objects tr[data-row]"


@pytest.fixture
def folder(tmp_path):
    """Return a folder with files in folders."""
    root = tmp_path / "site"
    for path in ("index.html", "img/a.txt", "img/deep/b.txt", "zero.txt"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("" if path == "zero.txt" else path)
    return root


@pytest.fixture
def big(tmp_path):
    path = tmp_path / "film.bin"
    path.write_bytes(os.urandom(40 * MIB + 12345))
    return path


def slow(page, bytes_per_second):
    """Let the page send no faster than that; None for as fast as it can."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    rate = bytes_per_second or -1
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate},
    )


def begun(s3, bucket):
    return s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])


def parts(s3, bucket):
    [one] = begun(s3, bucket)
    return s3.list_parts(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"]).get("Parts", [])


def same(s3, bucket, key, path):
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return hashlib.sha256(body).digest() == hashlib.sha256(path.read_bytes()).digest()


def paused_midway(page, s3, bucket, big):
    """Begin an upload and pause it after its first parts."""
    page.goto(f"/buckets/{bucket}/?prefix=films/")
    slow(page, 6 * MIB)
    page.set_input_files("#files", big)
    expect(page.locator(".upload-told")).to_contain_text("/s", timeout=20_000)
    journey.until(lambda: page.locator(".upload progress").evaluate("(bar) => bar.value") > 0.65, 30)
    page.get_by_role("button", name="Pause films/film.bin").click()
    expect(page.locator(".upload-told")).to_contain_text("paused")
    slow(page, None)
    page.wait_for_timeout(400)
    return {part["PartNumber"]: part["LastModified"] for part in parts(s3, bucket)}


def test_a_folder_is_uploaded_with_its_paths(page, bucket, s3, folder):
    page.goto(f"/buckets/{bucket}/?prefix=www/")

    page.set_input_files("#folder-files", folder)

    expect(page.locator(f"{ROW}[data-key='www/site/']")).to_be_visible()
    expect(page.locator("#uploads-told")).to_have_text("4 of 4 stored")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == ["www/site/img/a.txt", "www/site/img/deep/b.txt", "www/site/index.html", "www/site/zero.txt"]
    assert s3.head_object(Bucket=bucket, Key="www/site/index.html")["ContentType"] == "text/html"


def test_files_and_folders_are_dropped_on_the_page(page, bucket, s3, folder, tmp_path):
    single = tmp_path / "single é.txt"
    single.write_text("alone")
    page.goto(f"/buckets/{bucket}/")
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder), str(single)], "dragOperationsMask": 1}

    for kind in ("dragEnter", "dragOver"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 700, "y": 500, "data": data})
    expect(page.locator("#drop.over")).to_be_visible()
    session.send("Input.dispatchDragEvent", {"type": "drop", "x": 700, "y": 500, "data": data})

    expect(page.locator("#uploads-told")).to_have_text("5 of 5 stored")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert "single é.txt" in keys and "site/img/deep/b.txt" in keys


def test_many_files_go_three_at_a_time(page, bucket, s3, tmp_path):
    for number in range(60):
        (tmp_path / f"{number:02}.txt").write_text(str(number))
    page.goto(f"/buckets/{bucket}/")

    page.set_input_files("#files", sorted(tmp_path.glob("*.txt")))

    expect(page.locator("#uploads-told")).to_have_text("60 of 60 stored", timeout=30_000)
    expect(page.locator(ROW)).to_have_count(60)
    assert page.locator(".upload").count() <= 10
    page.click("text=Clear the list")
    expect(page.locator("#uploads")).to_be_hidden()


def test_a_big_file_goes_in_parts_pauses_and_resumes(page, bucket, s3, big):
    before = paused_midway(page, s3, bucket, big)
    assert 1 <= len(before) < 6
    assert not violations(page)
    page.wait_for_timeout(600)
    assert len(parts(s3, bucket)) == len(before)

    page.get_by_role("button", name="Resume films/film.bin").click()

    expect(page.locator(f"{ROW}[data-key='films/film.bin']")).to_be_visible(timeout=30_000)
    assert same(s3, bucket, "films/film.bin", big)
    assert s3.head_object(Bucket=bucket, Key="films/film.bin")["ETag"].endswith('-6"')
    assert not begun(s3, bucket)


def test_an_upload_goes_on_after_a_reload_where_it_stopped(page, bucket, s3, big, tmp_path):
    before = paused_midway(page, s3, bucket, big)
    page.reload()
    expect(page.locator(".upload-told")).to_contain_text("Choose film.bin again")
    wrong = tmp_path / "other.bin"
    wrong.write_bytes(os.urandom(40 * MIB + 12345))

    page.set_input_files(".upload input[type=file]", wrong)
    expect(page.locator(".upload-told")).to_contain_text("This is not the file that was begun.")
    page.set_input_files(".upload input[type=file]", big)

    expect(page.locator(f"{ROW}[data-key='films/film.bin']")).to_be_visible(timeout=30_000)
    assert same(s3, bucket, "films/film.bin", big)
    assert before  # what was stored before was not sent again:
    listed = s3.get_object_attributes(Bucket=bucket, Key="films/film.bin", ObjectAttributes=["ObjectParts"])
    assert listed["ObjectParts"]["TotalPartsCount"] == 6


def test_parts_that_are_stored_are_not_sent_again(page, bucket, s3, big):
    before = paused_midway(page, s3, bucket, big)
    page.reload()
    sent = []
    page.on("request", lambda one: sent.append(one.url) if "/uploads/part?" in one.url else None)
    expect(page.locator(".upload-told")).to_contain_text("Choose film.bin again")

    page.set_input_files(".upload input[type=file]", big)

    expect(page.locator(f"{ROW}[data-key='films/film.bin']")).to_be_visible(timeout=30_000)
    assert len(sent) == 6 - len(before)


def test_cancel_gives_the_upload_up(page, bucket, s3, big):
    paused_midway(page, s3, bucket, big)

    page.get_by_role("button", name="Cancel films/film.bin").click()

    expect(page.locator(".upload-told")).to_contain_text("Cancelled, nothing is stored")
    page.wait_for_timeout(400)
    assert not begun(s3, bucket)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_what_another_program_left_is_listed_gone_on_with_or_aborted(page, bucket, s3, big):
    bytes_ = big.read_bytes()
    first = s3.create_multipart_upload(Bucket=bucket, Key="left.bin")["UploadId"]
    for number in (1, 2):
        part = bytes_[(number - 1) * 8 * MIB : number * 8 * MIB]
        s3.upload_part(Bucket=bucket, Key="left.bin", UploadId=first, PartNumber=number, Body=part)
    s3.create_multipart_upload(Bucket=bucket, Key="never.bin")
    page.goto(f"/buckets/{bucket}/?tab=uploads")
    expect(page.locator("tr[data-key='left.bin']")).to_contain_text("16.0 MiB")
    assert not violations(page)

    page.set_input_files("tr[data-key='left.bin'] input[type=file]", big)
    expect(page.locator("#uploads-told")).to_have_text("1 of 1 stored", timeout=30_000)
    assert same(s3, bucket, "left.bin", big)

    page.click("tr[data-key='never.bin'] >> text=Abort")
    expect(page.locator("#ask-title")).to_have_text("Abort the upload of never.bin?")
    page.click("#ask-yes")
    expect(page.locator("main")).to_contain_text("Nothing is unfinished")
    assert not begun(s3, bucket)


def test_a_refused_file_says_why(page, bucket, s3, tmp_path):
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:PutObject",
                        "Resource": f"arn:aws:s3:::{bucket}/*",
                    }
                ],
            }
        ),
    )
    (tmp_path / "no.txt").write_text("no")
    page.goto(f"/buckets/{bucket}/")

    page.set_input_files("#files", tmp_path / "no.txt")

    expect(page.locator(".upload-told")).to_contain_text("with an explicit deny in a resource-based policy")
    expect(page.locator("#uploads-told")).to_contain_text("1 refused")
    page.complaints.clear()  # Chromium notes the 403


# -- the addresses themselves -----------------------------------------------------------------------


def begin(client, bucket, key="k.bin"):
    return client.post(f"/buckets/{bucket}/uploads/begin", {"key": key}, content_type="application/json")


def send(client, bucket, upload, number, body, key="k.bin"):
    address = f"/buckets/{bucket}/uploads/part?key={key}&upload={upload}&number={number}"
    return client.put(address, body, content_type="application/octet-stream")


def test_the_addresses_take_an_upload_from_begin_to_end(owner, bucket, s3):
    upload = begin(owner, bucket).json()["upload"]
    etags = [send(owner, bucket, upload, n, b).json()["etag"] for n, b in ((1, b"a" * 5 * MIB), (2, b"b"))]

    listed = owner.get(f"/buckets/{bucket}/uploads/parts", {"key": "k.bin", "upload": upload}).json()["parts"]
    body = {"key": "k.bin", "upload": upload, "parts": [{"number": n + 1, "etag": e} for n, e in enumerate(etags)]}
    done = owner.post(f"/buckets/{bucket}/uploads/complete", body, content_type="application/json")

    assert [(one["number"], one["size"]) for one in listed] == [(1, 5 * MIB), (2, 1)]
    assert done.json()["etag"].endswith('-2"')
    assert s3.head_object(Bucket=bucket, Key="k.bin")["ContentLength"] == 5 * MIB + 1


@pytest.mark.parametrize(
    ("act", "status", "code"),
    [
        (lambda c, b, u: begin(c, b, ""), 400, None),
        (lambda c, b, u: send(c, b, u, "x", b"1"), 400, "InvalidArgument"),
        (lambda c, b, u: send(c, b, "none", 1, b"1"), 404, "NoSuchUpload"),
        (lambda c, b, u: c.get(f"/buckets/{b}/uploads/parts?key=k&upload=none"), 404, "NoSuchUpload"),
        (
            lambda c, b, u: c.post(f"/buckets/{b}/uploads/complete", {"upload": u, "key": "k.bin"}, "application/json"),
            400,
            "MalformedXML",
        ),
        (lambda c, b, u: c.post(f"/buckets/{b}/uploads/complete", "[", "application/json"), 400, None),
    ],
)
def test_what_s3_refuses_is_answered_as_it_says(owner, bucket, act, status, code):
    answer = act(owner, bucket, begin(owner, bucket).json()["upload"])

    assert answer.status_code == status or (code is None and 400 <= answer.status_code < 500)
    assert answer.json().get("code") == code or code is None


def test_an_upload_is_aborted_by_a_plain_form(owner, bucket, s3):
    upload = begin(owner, bucket).json()["upload"]

    answer = owner.post(f"/buckets/{bucket}/uploads/abort", {"key": "k.bin", "upload": upload}, follow=True)

    assert "is given up" in answer.content.decode()
    assert not begun(s3, bucket)


def test_uploads_of_another_lab_do_not_exist(owner, other, bucket, s3):
    upload = begin(owner, bucket).json()["upload"]

    assert begin(other, bucket).status_code == 404
    assert send(other, bucket, upload, 1, b"x").status_code == 404
    assert other.get(f"/buckets/{bucket}/uploads/parts?key=k.bin&upload={upload}").status_code == 404
    for act in ("complete", "abort"):
        form = {"key": "k.bin", "upload": upload}
        assert other.post(f"/buckets/{bucket}/uploads/{act}", form).status_code == 404
    assert len(begun(s3, bucket)) == 1
