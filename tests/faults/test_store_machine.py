"""A bucket against a model of it: whatever is written, copied, deleted and tagged in any order, both tell the same.

The model is a list of versions per key, newest first: what the S3 User Guide says of versioning, in forty lines.
STORE_MACHINE_EXAMPLES=500 runs longer, with examples of its own each time.
"""

import hashlib
import os
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.billing.models import StorageLevel
from apps.buckets.models import Blob, Object
from tests.buckets.asking import MIB, new_bucket

EXAMPLES = int(os.environ.get("STORE_MACHINE_EXAMPLES", "0"))
KEYS = ["a/b", "a/b/c", "é +%25"]  # few, so that their versions meet
SIZES = [0, 1, 4096, 4097, 70_000]
TAGS = [{}, {"colour": "blue"}, {"colour": "red", "size": "1"}]
keys = st.sampled_from(KEYS)
one_of_the_versions = st.integers(min_value=0, max_value=4)


@dataclass
class Version:
    """id: as the server gave it, "null" without versioning. parts: the sizes of an upload's."""

    id: str
    body: bytes = b""
    tags: dict = field(default_factory=dict)
    meta: dict = field(default_factory=dict)
    etag: str = ""
    marker: bool = False


class Model:
    """What a bucket should hold."""

    def __init__(self):
        self.status, self.keys = "", {}

    def of(self, key):
        return self.keys.setdefault(key, [])

    def latest(self, key):
        """Return the version that a plain read finds, or None."""
        found = self.of(key)
        return found[0] if found and not found[0].marker else None

    def add(self, key, version):
        versions = self.of(key)
        if self.status != "Enabled":
            versions[:] = [one for one in versions if one.id != "null"]
        versions.insert(0, version)

    def delete(self, key, marker_id):
        if self.status:
            self.add(key, Version(marker_id, marker=True))
        else:
            self.of(key).clear()

    def remove(self, key, version_id):
        self.keys[key] = [one for one in self.of(key) if one.id != version_id]

    def listed(self):
        """Return [(key, latest version)] in the order of their bytes."""
        return [(key, found) for key in sorted(self.keys, key=str.encode) if (found := self.latest(key))]

    def all_versions(self):
        """Return [(key, id, is latest, is a marker, size, etag)] by key, newest first."""
        return [
            (key, one.id, place == 0, one.marker, len(one.body), one.etag)
            for key in sorted(self.keys, key=str.encode)
            for place, one in enumerate(self.keys[key])
        ]


def plain_etag(body):
    return f'"{hashlib.md5(body).hexdigest()}"'


def etag_of_parts(bodies):
    digest = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
    return f'"{digest}-{len(bodies)}"'


class StoreMachine(RuleBasedStateMachine):
    s3 = None  # set by the test

    @initialize(status=st.sampled_from(["", "", "Enabled", "Suspended"]))
    def begin(self, status):
        self.bucket, self.model, self.count, self.uploads = new_bucket(self.s3), Model(), 0, []
        if status:
            self.set_versioning(status)

    def _body(self, size):
        self.count += 1
        return (f"{self.count}-".encode() * (size // 2 + 1))[:size]

    def _where(self, key, version=None):
        return {"Bucket": self.bucket, "Key": key, **({"VersionId": version.id} if version else {})}

    def _written(self, answer):
        """Return the id of a new version, as the server must tell it."""
        assert ("VersionId" in answer) == (self.model.status == "Enabled")
        return answer.get("VersionId", "null")

    def _some(self, key, place):
        versions = self.model.of(key)
        return versions[place] if place < len(versions) else None

    # -- writing ----------------------------------------------------------------------------------

    @rule(key=keys, size=st.sampled_from(SIZES), tags=st.sampled_from(TAGS), meta=st.sampled_from([{}, {"m": "1"}]))
    def put(self, key, size, tags, meta):
        body = self._body(size)
        more = {"Tagging": urlencode(tags)} if tags else {}
        answer = self.s3.put_object(**self._where(key), Body=body, Metadata=meta, **more)
        self.model.add(key, Version(self._written(answer), body, tags, meta, plain_etag(body)))

    @rule(key=keys)
    def put_if_there_is_none(self, key):
        body, there = self._body(10), self.model.latest(key)
        try:
            answer = self.s3.put_object(**self._where(key), Body=body, IfNoneMatch="*")
        except ClientError as error:
            assert there and error.response["Error"]["Code"] == "PreconditionFailed"
        else:
            assert there is None
            self.model.add(key, Version(self._written(answer), body, etag=plain_etag(body)))

    @rule(source=keys, place=one_of_the_versions, key=keys)
    def copy(self, source, place, key):
        version = self._some(source, place)
        if version is None or version.marker:
            return
        where = {"Bucket": self.bucket, "Key": source, "VersionId": version.id}
        answer = self.s3.copy_object(**self._where(key), CopySource=where)
        etag = version.etag if "-" not in version.etag else plain_etag(version.body)
        made = Version(self._written(answer), version.body, dict(version.tags), dict(version.meta), etag)
        self.model.add(key, made)

    @rule(key=keys, sizes=st.sampled_from([[0], [10], [5000], [5 * MIB, 1]]), tags=st.sampled_from(TAGS))
    def upload(self, key, sizes, tags):
        more = {"Tagging": urlencode(tags)} if tags else {}
        where = self._where(key)
        where["UploadId"] = self.s3.create_multipart_upload(**where, **more)["UploadId"]
        bodies = [self._body(size) for size in sizes]
        parts = [
            {"PartNumber": n, "ETag": self.s3.upload_part(**where, PartNumber=n, Body=body)["ETag"]}
            for n, body in enumerate(bodies, 1)
        ]
        answers = [self.s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}) for _ in range(2)]
        assert answers[0]["ETag"] == answers[1]["ETag"]  # asked again: the same answer, and nothing happens twice
        self.model.add(key, Version(self._written(answers[0]), b"".join(bodies), tags, {}, etag_of_parts(bodies)))

    @rule(key=keys, size=st.sampled_from([0, 9000]))
    def begin_an_upload(self, key, size):
        where = self._where(key)
        where["UploadId"] = self.s3.create_multipart_upload(**where)["UploadId"]
        for _ in range(2):  # the second replaces the first
            self.s3.upload_part(**where, PartNumber=7, Body=self._body(size))
        self.uploads.append((where, size))

    @precondition(lambda self: self.uploads)
    @rule()
    def abort_an_upload(self):
        where, _size = self.uploads.pop()
        self.s3.abort_multipart_upload(**where)

    # -- deleting ---------------------------------------------------------------------------------

    @rule(key=keys)
    def delete(self, key):
        answer = self.s3.delete_object(**self._where(key))
        assert answer.get("DeleteMarker", False) == bool(self.model.status)
        self.model.delete(key, answer.get("VersionId", "null"))

    @rule(key=keys, place=one_of_the_versions)
    def delete_a_version(self, key, place):
        version = self._some(key, place)
        if version is None:
            return
        answer = self.s3.delete_object(**self._where(key, version))
        assert answer.get("DeleteMarker", False) == version.marker
        self.model.remove(key, version.id)

    @rule(chosen=st.lists(keys, max_size=3, unique=True), key=keys, place=one_of_the_versions)
    def delete_many(self, chosen, key, place):
        version = self._some(key, place)
        asked = [{"Key": one} for one in chosen if one != key]
        asked += [{"Key": key, "VersionId": version.id}] if version else [{"Key": key}]
        answer = self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": asked})
        assert "Errors" not in answer and [one["Key"] for one in answer["Deleted"]] == [one["Key"] for one in asked]
        for one in answer["Deleted"]:
            if "VersionId" in one:
                self.model.remove(one["Key"], one["VersionId"])
            else:
                self.model.delete(one["Key"], one.get("DeleteMarkerVersionId", "null"))

    # -- settings and tags ------------------------------------------------------------------------

    @rule(status=st.sampled_from(["Enabled", "Suspended"]))
    def set_versioning(self, status):
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": status})
        self.model.status = status

    @rule(key=keys, place=one_of_the_versions, tags=st.sampled_from(TAGS))
    def tag(self, key, place, tags):
        version = self._some(key, place)
        if version is None or version.marker:
            return
        if tags:
            tag_set = [{"Key": name, "Value": value} for name, value in tags.items()]
            self.s3.put_object_tagging(**self._where(key, version), Tagging={"TagSet": tag_set})
        else:
            self.s3.delete_object_tagging(**self._where(key, version))
        version.tags = dict(tags)

    # -- reading ----------------------------------------------------------------------------------

    @rule(key=keys, place=one_of_the_versions)
    def read_a_version(self, key, place):
        version = self._some(key, place)
        if version is not None and not version.marker:
            self._check_read(self._where(key, version), version)

    @rule(key=keys)
    def read(self, key):
        version = self.model.latest(key)
        if version:
            self._check_read(self._where(key), version)
            return
        with pytest.raises(ClientError) as refused:
            self.s3.get_object(**self._where(key))
        assert refused.value.response["Error"]["Code"] == "NoSuchKey"

    def _check_read(self, where, version):
        head, got = self.s3.head_object(**where), self.s3.get_object(**where)
        assert got["Body"].read() == version.body
        for answer in (head, got):
            assert answer["ETag"] == version.etag and answer["ContentLength"] == len(version.body)
            assert answer["Metadata"] == version.meta
            assert answer.get("VersionId") == (version.id if self.model.status else None)
        tags = {one["Key"]: one["Value"] for one in self.s3.get_object_tagging(**where)["TagSet"]}
        assert tags == version.tags and head.get("TagCount", 0) == len(tags)
        if len(version.body) > 3:
            middle = self.s3.get_object(**where, Range=f"bytes={len(version.body) // 2}-")["Body"].read()
            assert middle == version.body[len(version.body) // 2 :]

    @rule(prefix=st.sampled_from(["", "a", "a/", "a/b/"]), size=st.integers(1, 4), after=st.sampled_from(["", *KEYS]))
    def list_in_folders(self, prefix, size, after):
        found = []
        for page in self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, Delimiter="/", StartAfter=after, PaginationConfig={"PageSize": size}
        ):
            names = [one["Key"] for one in page.get("Contents", [])]
            names += [one["Prefix"] for one in page.get("CommonPrefixes", [])]
            assert len(names) <= size
            found += names
        wanted = set()
        for key, _version in self.model.listed():
            if key.startswith(prefix) and key.encode() > after.encode():
                cut = key.find("/", len(prefix))
                wanted.add(key if cut < 0 else key[: cut + 1])
        assert sorted(found) == sorted(wanted)

    @invariant()
    def listings_agree(self):
        if not hasattr(self, "bucket"):
            return
        listed = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        told = [(one["Key"], one["Size"], one["ETag"]) for one in listed]
        assert told == [(key, len(one.body), one.etag) for key, one in self.model.listed()]
        answer = self.s3.list_object_versions(Bucket=self.bucket)
        rows = {
            (one["Key"], one["VersionId"]): (one["IsLatest"], marker, one.get("Size", 0), one.get("ETag", ""))
            for name, marker in (("Versions", False), ("DeleteMarkers", True))
            for one in answer.get(name, [])
        }
        wanted = self.model.all_versions()
        assert rows == {(key, version): tuple(rest) for key, version, *rest in wanted}
        for name, marker in (("Versions", False), ("DeleteMarkers", True)):
            order = [(one["Key"], one["VersionId"]) for one in answer.get(name, [])]
            assert order == [(key, version) for key, version, _latest, is_marker, *_ in wanted if is_marker == marker]

    def teardown(self):
        """What the bucket holds is what is stored, metered and on disk."""
        if not hasattr(self, "bucket"):
            return
        bytes_now = sum(size for *_, size, _etag in self.model.all_versions()) + sum(size for _w, size in self.uploads)
        levels = StorageLevel.objects.filter(resource=f"arn:aws:s3:::{self.bucket}").order_by("-month")
        assert (levels[0].level_bytes if levels else 0) == bytes_now
        names = [name for row in Object.objects.filter(bucket__name=self.bucket) for name in row.blob_names if name]
        assert len(names) == len(set(names)) == Blob.objects.filter(name__in=names).count()


def test_a_bucket_is_what_its_model_says(module_account):
    StoreMachine.s3 = module_account.client("s3", max_pool_connections=2)
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(
            max_examples=EXAMPLES or 32,
            stateful_step_count=80 if EXAMPLES else 50,
            deadline=None,
            derandomize=not EXAMPLES,
            database=None,
            # Making a failure small takes minutes: for the longer runs.
            phases=list(Phase) if EXAMPLES else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
