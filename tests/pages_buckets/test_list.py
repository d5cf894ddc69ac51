"""The object list without scripts: what it shows, and every act of it as a plain form."""

import pytest

KEYS = ["Z.txt", "a b&c.txt", "data/one.csv", "data/two.csv", "photos/2026/lake.jpg", "é.txt"]


@pytest.fixture
def filled(s3, bucket):
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    return bucket


def text(answer):
    return answer.content.decode()


def keys(s3, bucket):
    return [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def versions(s3, bucket, key):
    found = s3.list_object_versions(Bucket=bucket, Prefix=key)
    return found.get("Versions", []), found.get("DeleteMarkers", [])


def test_prefixes_are_folders_and_keys_stand_in_the_order_of_s3(owner, filled):
    page = text(owner.get(f"/buckets/{filled}/"))

    places = [page.index(f'data-key="{key}"') for key in ("data/", "photos/", "Z.txt", "a b&amp;c.txt", "é.txt")]
    assert places == sorted(places)
    assert 'data-key="data/one.csv"' not in page
    assert "s3api list-objects-v" in page


def test_a_folder_shows_what_lies_in_it(owner, filled):
    page = text(owner.get(f"/buckets/{filled}/", {"prefix": "data/"}))

    assert 'data-key="data/one.csv"' in page
    assert 'data-key="Z.txt"' not in page


def test_keys_are_found_by_how_they_begin(owner, filled):
    page = text(owner.get(f"/buckets/{filled}/", {"prefix": "data/", "begins": "tw"}))

    assert 'data-key="data/two.csv"' in page
    assert 'data-key="data/one.csv"' not in page
    assert "No key begins so" in text(owner.get(f"/buckets/{filled}/", {"begins": "nothing"}))


def test_a_long_list_comes_in_pages(owner, s3, bucket):
    for number in range(203):
        s3.put_object(Bucket=bucket, Key=f"{number:03}", Body=b"")

    first = text(owner.get(f"/buckets/{bucket}/"))
    address = first.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = text(owner.get(address))

    assert 'data-key="199"' in first and 'data-key="200"' not in first
    assert 'data-key="202"' in second and 'data-key="199"' not in second
    assert "To the first page" in second


def test_files_are_stored_by_a_plain_form(owner, s3, bucket, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<h1>hello</h1>")
    with path.open("rb") as file:
        answer = owner.post(f"/buckets/{bucket}/upload", {"prefix": "site/", "files": file})

    assert answer.status_code == 302
    head = s3.head_object(Bucket=bucket, Key="site/page.html")
    assert head["ContentType"] == "text/html"


def test_a_folder_is_an_empty_object_whose_key_ends_in_a_slash(owner, s3, bucket):
    owner.post(f"/buckets/{bucket}/folder", {"prefix": "a/", "name": "b"})

    assert keys(s3, bucket) == ["a/b/"]
    assert "own empty object" in text(owner.get(f"/buckets/{bucket}/", {"prefix": "a/b/"}))


def test_an_object_is_renamed_by_copy_and_delete(owner, s3, filled):
    owner.post(f"/buckets/{filled}/rename", {"key": "a b&c.txt", "to": "texts/ä+b.txt"})

    assert "a b&c.txt" not in keys(s3, filled)
    assert s3.get_object(Bucket=filled, Key="texts/ä+b.txt")["Body"].read() == b"a b&c.txt"


@pytest.mark.parametrize(
    ("to", "why"), [("Z.txt", "There is an object with this key already."), ("", "at least one character")]
)
def test_a_refused_name_stands_at_its_field_and_nothing_is_lost(owner, s3, filled, to, why):
    answer = owner.post(f"/buckets/{filled}/rename", {"key": "é.txt", "to": to})

    assert answer.status_code == 422
    assert why in text(answer)
    assert 'id="rename-to-problem" role="alert"' in text(answer)
    assert s3.get_object(Bucket=filled, Key="Z.txt")["Body"].read() == b"Z.txt"
    assert "é.txt" in keys(s3, filled)


def test_chosen_keys_and_folders_are_deleted(owner, s3, filled):
    owner.post(f"/buckets/{filled}/delete", {"key": ["Z.txt", "é.txt"], "folder": ["data/"]})

    assert keys(s3, filled) == ["a b&c.txt", "photos/2026/lake.jpg"]


def test_nothing_chosen_is_said(owner, filled):
    answer = owner.post(f"/buckets/{filled}/delete", {}, follow=True)

    assert "Choose one or more objects first." in text(answer)


def test_versions_are_counted_and_hidden_keys_are_told(owner, s3, versioned):
    for body in (b"1", b"2", b"3"):
        s3.put_object(Bucket=versioned, Key="notes.txt", Body=body)
    s3.put_object(Bucket=versioned, Key="gone.txt", Body=b"x")
    s3.delete_object(Bucket=versioned, Key="gone.txt")

    page = text(owner.get(f"/buckets/{versioned}/"))

    assert "3 versions" in page
    assert "1 deleted key hidden here" in page
    assert 'data-key="gone.txt"' not in page


def test_an_older_version_is_restored_by_copying_it_over(owner, s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="notes.txt", Body=b"first")["VersionId"]
    s3.put_object(Bucket=versioned, Key="notes.txt", Body=b"second")
    page = text(owner.get(f"/buckets/{versioned}/", {"versions": "1"}))
    assert f'name="restore" aria-label="Restore this version" value="{first}:notes.txt"' in page

    owner.post(f"/buckets/{versioned}/restore", {"restore": f"{first}:notes.txt", "versions": "1"})

    assert s3.get_object(Bucket=versioned, Key="notes.txt")["Body"].read() == b"first"
    assert len(versions(s3, versioned, "notes.txt")[0]) == 3


def test_a_delete_is_undone_by_removing_its_marker(owner, s3, versioned):
    s3.put_object(Bucket=versioned, Key="a/back.txt", Body=b"here")
    marker = s3.delete_object(Bucket=versioned, Key="a/back.txt")["VersionId"]
    page = text(owner.get(f"/buckets/{versioned}/", {"versions": "1", "prefix": "a/"}))
    assert f'value="{marker}:a/back.txt"' in page and "delete marker" in page

    answer = owner.post(
        f"/buckets/{versioned}/restore", {"undelete": f"{marker}:a/back.txt", "prefix": "a/"}, follow=True
    )

    assert "a/back.txt" in text(answer)
    assert s3.get_object(Bucket=versioned, Key="a/back.txt")["Body"].read() == b"here"


def test_a_version_is_deleted_for_good(owner, s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="k", Body=b"2")["VersionId"]

    owner.post(f"/buckets/{versioned}/delete", {"version": [f"{second}:k"], "versions": "1"})

    assert [one["VersionId"] for one in versions(s3, versioned, "k")[0]] == [first]


def test_versions_come_in_pages(owner, s3, versioned):
    for number in range(205):
        s3.put_object(Bucket=versioned, Key="k", Body=str(number).encode())

    first = text(owner.get(f"/buckets/{versioned}/", {"versions": "1"}))
    address = first.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = text(owner.get(address))

    assert first.count("data-row") == 200
    assert second.count("data-row") == 5


@pytest.mark.parametrize(
    ("what", "form", "shown"),
    [
        ("rename", {"key": "a b", "to": "c"}, ["copy-object", "delete-object", "a%20b"]),
        ("delete", {"key": ["x"], "version": ["v1:y"]}, ["delete-objects", "v1"]),
        ("delete", {"folder": ["data/"]}, ["list-objects-v", "data/EACH-KEY"]),
        ("folder", {"name": "photos"}, ["put-object", "photos/"]),
        ("folder", {"name": ""}, []),
    ],
)
def test_a_form_shows_the_same_act_four_ways(owner, bucket, what, form, shown):
    page = text(owner.post(f"/buckets/{bucket}/ways/{what}", form))

    assert all(word in page for word in shown)
    assert ("aws --endpoint-url" in page) == bool(shown)


def test_a_bucket_of_another_lab_does_not_exist(other, s3, filled):
    assert other.get(f"/buckets/{filled}/").status_code == 404
    assert other.get(f"/buckets/{filled}/raw", {"key": "Z.txt"}).status_code == 404
    for act in ("upload", "folder", "rename", "delete", "restore", "ways/delete"):
        form = {"key": "Z.txt", "to": "y", "name": "n", "restore": "null:Z.txt"}
        assert other.post(f"/buckets/{filled}/{act}", form).status_code == 404
    assert keys(s3, filled) == sorted(KEYS, key=str.encode)


def test_a_download_is_saved_and_never_a_page_of_the_console(owner, s3, bucket):
    s3.put_object(Bucket=bucket, Key='x/a"b\n.html', Body=b"<script>1</script>", ContentType="text/html")

    answer = owner.get(f"/buckets/{bucket}/raw", {"key": 'x/a"b\n.html'})

    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
