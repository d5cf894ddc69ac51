"""What the tabs of one object's page show.

A tab is a function (request, bucket, found) -> variables of its template; found says which object or version it is
and what HeadObject tells of it.
"""

import mimetypes
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils.datastructures import MultiValueDict

from apps.buckets import acts, acts_of_objects, listings, sharing, versions
from apps.buckets.acl import CANNED_FOR_OBJECTS
from apps.buckets.frames import address, maybe, s3
from apps.buckets.operations.objects import STORAGE_CLASSES
from apps.buckets.readers import readers
from apps.buckets.views_objects import SHOWN_INLINE
from playground import clock
from playground.wire.errors import ServiceError

TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml", "application/x-sh")
TEXT_BYTES = 64 * 1024
UNTOLD_TYPES = ("binary/octet-stream", "application/octet-stream")


@dataclass
class Found:
    """Which object a page is about. head: of HeadObject, or None; refusal: why there is none."""

    key: str
    version: str
    head: dict | None = None
    refusal: ServiceError | None = None
    more: dict = field(default_factory=dict)  # what a refused form shows again

    @property
    def named(self):
        return {"Key": self.key, **({"VersionId": self.version} if self.version else {})}


def find(request, bucket, key, version):
    """Return Found. Errors: NoSuchKey and the like, when nothing is left of the key at all."""
    found = Found(key, version)
    try:
        found.head = s3(request, bucket, "HeadObject", **found.named, ChecksumMode="ENABLED")
    except ServiceError as err:
        if not versions.of(bucket, key).exists():
            raise
        found.refusal = err
    return found


# -- tabs -----------------------------------------------------------------------------------------


def _overview(request, bucket, found):
    head = found.head
    kind = head["ContentType"].partition(";")[0]
    if kind in UNTOLD_TYPES:
        kind = mimetypes.guess_type(found.key)[0] or kind
    is_table = kind in ("text/csv", "text/tab-separated-values")
    text = _text(request, bucket, found) if kind.startswith(TEXT_TYPES) and head["ContentLength"] else None
    parts = []
    if "-" in head["ETag"]:
        asked = {**found.named, "ObjectAttributes": ["ObjectParts"]}
        parts = s3(request, bucket, "GetObjectAttributes", **asked).get("ObjectParts") or {}
    return {
        "checksums": [
            (name.removeprefix("Checksum"), value)
            for name, value in head.items()
            if name.startswith("Checksum") and name != "ChecksumType"
        ],
        "is_image": head["ContentType"].partition(";")[0] in SHOWN_INLINE,
        "is_table": is_table,
        "separator": "tab" if kind.endswith("values") else "comma",
        "text": text,
        "cut": text is not None and head["ContentLength"] > TEXT_BYTES,
        "parts": parts,
        "acts": [("GetObject", {"Bucket": bucket.name, **found.named})],
    }


def _text(request, bucket, found):
    try:
        body = s3(request, bucket, "GetObject", **found.named, Range=f"bytes=0-{TEXT_BYTES - 1}")["Body"]
    except ServiceError:
        return None  # the preview may be refused where the page is not
    return b"".join(body.pieces).decode("utf-8", "replace")


def _details(request, bucket, found):
    head, form = found.head, {**found.named, "key": found.key}
    tag_set = s3(request, bucket, "GetObjectTagging", **found.named)["TagSet"]
    typed = found.more.get("values")
    newest = not found.version or versions.of(bucket, found.key).get(version_id=found.version).is_latest
    if _typed_one(typed, "storage_class"):
        form = typed
    else:
        form |= {name: head.get(member, "") for name, member in acts_of_objects.HEADERS.items()}
        form["storage_class"] = head.get("StorageClass", "STANDARD")
    return {
        "form": form,
        "tags": acts_of_objects.pairs(typed, "tag")
        if _typed(typed, "tag")
        else [(t["Key"], t["Value"]) for t in tag_set],
        "metadata": acts_of_objects.pairs(typed, "meta") if _typed(typed, "meta") else list(head["Metadata"].items()),
        "storage_classes": STORAGE_CLASSES,
        "newest": newest,
        "tag_acts": acts_of_objects.tags(
            bucket, _form(found, tag_key=[t["Key"] for t in tag_set], tag_value=[t["Value"] for t in tag_set])
        ),
        "header_acts": _header_acts(bucket, found),
    }


def _form(found, **values):
    """Return a form that says what the page shows, for showing what it would ask."""
    form = MultiValueDict({name: value if isinstance(value, list) else [value] for name, value in values.items()})
    form.update({"key": found.key, "version": found.version})
    return form


def _header_acts(bucket, found):
    head = found.head
    values = {name: head.get(member, "") for name, member in acts_of_objects.HEADERS.items()}
    metadata = {"meta_key": list(head["Metadata"]), "meta_value": list(head["Metadata"].values())}
    return acts_of_objects.headers(bucket, _form(found, **values, **metadata))


def _typed(values, name):
    return _typed_one(values, f"{name}_key")


def _typed_one(values, name):
    """Tell whether a refused form had a field, so that what was typed is shown again."""
    return values is not None and name in values


def _versions(request, bucket, found):
    answer = s3(request, bucket, "ListObjectVersions", Prefix=found.key)
    rows = [row for row in listings.version_rows(answer) if row["key"] == found.key]
    for row in rows:
        row["id"] = f"{row['version']}:{found.key}"
        row["href"] = address(bucket, "object", key=found.key, version=row["version"])
        row["save"] = address(bucket, "raw", key=found.key, version=row["version"], save=1)
    cut = answer["IsTruncated"] and answer["NextKeyMarker"] == found.key
    return {"rows": rows, "cut": cut, "acts": [("ListObjectVersions", {"Bucket": bucket.name, "Prefix": found.key})]}


def _protection(request, bucket, found):
    head = found.head
    now = clock.now(request.lab)
    until = head.get("ObjectLockRetainUntilDate")
    kept = found.more.get("values")
    if not _typed_one(kept, "mode"):
        shown = (until or now + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M")
        kept = {"mode": head.get("ObjectLockMode", ""), "until": shown}
    return {
        "form": kept,
        "now": now,
        "retention_acts": _retention_acts(bucket, found, kept),
        "hold_acts": acts_of_objects.hold(bucket, _form(found, status="ON")),
        "acts": [("HeadObject", {"Bucket": bucket.name, **found.named})],
    }


def _retention_acts(bucket, found, kept):
    try:
        return acts_of_objects.retention(bucket, _form(found, mode=kept.get("mode", ""), until=kept.get("until", "")))
    except acts.FormProblem:
        return []  # it stands at its field


def _access(request, bucket, found):
    row = versions.named(bucket, found.key, found.version) if found.version else versions.latest(bucket, found.key)
    told = {"readers": readers(bucket, row, clock.now(request.lab), request.get_host())}
    if bucket.has_acls:
        told["acl"] = maybe(request, bucket, "GetObjectAcl", "MethodNotAllowed", **found.named)
        told["canned"] = CANNED_FOR_OBJECTS
    told["acl_acts"] = acts_of_objects.acl(bucket, _form(found, acl="private"))
    return told


def _share(request, bucket, found):
    values = found.more.get("values") or {"life": "1", "unit": "hours", "method": "GET"}
    return {"form": values, "units": list(sharing.UNITS), "link": found.more.get("link")}


TABS = {
    "overview": ("Overview", _overview),
    "details": ("Metadata and tags", _details),
    "versions": ("Versions", _versions),
    "protection": ("Protection", _protection),
    "access": ("Who may read", _access),
    "share": ("Share", _share),
}
WITHOUT_HEAD = ("versions", "access")  # of a deleted key, or where S3 refuses to tell
