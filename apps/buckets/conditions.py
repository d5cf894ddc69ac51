"""Conditional requests and ranges. Pure.

Source: RFC 9110 sections 13 and 14; S3 API Reference, GetObject; user guide, "Conditional writes".
"""

import re

from apps.buckets.errors import InvalidArgument, InvalidRange, NoSuchKey, PreconditionFailed


def _tags(header):
    return [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]


def _names(header, etag):
    tags = _tags(header)
    return "*" in tags or etag in tags


def not_modified(request, etag, last_modified):
    """Tell whether a read is answered 304; a failed precondition raises PreconditionFailed (412).

    request: with IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince. etag: without quotes.
    """
    modified = last_modified.replace(microsecond=0)
    if request.get("IfMatch") is not None:
        if not _names(request["IfMatch"], etag):
            raise PreconditionFailed(Condition="If-Match")
    elif request.get("IfUnmodifiedSince") is not None and modified > request["IfUnmodifiedSince"]:
        raise PreconditionFailed(Condition="If-Unmodified-Since")
    if request.get("IfNoneMatch") is not None:
        return _names(request["IfNoneMatch"], etag)
    return request.get("IfModifiedSince") is not None and modified <= request["IfModifiedSince"]


def check_copy(request, etag, last_modified):
    """Refuse a copy whose CopySourceIf... conditions do not hold."""
    renamed = {
        name.removeprefix("CopySource"): value for name, value in request.items() if name.startswith("CopySourceIf")
    }
    if not_modified(renamed, etag, last_modified):
        raise PreconditionFailed(Condition="x-amz-copy-source-If-None-Match")


def check_write(request, etag):
    """Refuse a conditional write. etag: of the present object, None when there is none."""
    if request.get("IfNoneMatch") is not None and etag is not None and _names(request["IfNoneMatch"], etag):
        raise PreconditionFailed(Condition="If-None-Match")
    if request.get("IfMatch") is not None:
        if etag is None:
            raise NoSuchKey()
        if not _names(request["IfMatch"], etag):
            raise PreconditionFailed(Condition="If-Match")


def check_delete(conditions, row):
    """Refuse a conditional delete. conditions: of ETag, LastModifiedTime, Size. row: the version, or None.

    Source: S3 User Guide, "Conditional deletes": without an object the delete is a success, as any other.
    """
    if row is None or row.is_delete_marker:
        if conditions.get("ETag") not in (None, "*") or len(conditions) > 1:
            raise NoSuchKey() if "ETag" in conditions else PreconditionFailed(Condition="If-Match")
        return
    if "ETag" in conditions and not _names(conditions["ETag"], row.etag):
        raise PreconditionFailed(Condition="If-Match")
    wanted = conditions.get("LastModifiedTime")
    if wanted is not None and wanted.replace(microsecond=0) != row.last_modified.replace(microsecond=0):
        raise PreconditionFailed(Condition="x-amz-if-match-last-modified-time")
    if "Size" in conditions and int(conditions["Size"]) != row.size_bytes:
        raise PreconditionFailed(Condition="x-amz-if-match-size")


def span(header, size):
    """Return (first byte, count) of a Range header, or None when the whole is meant. Errors: InvalidRange.

    >>> span("bytes=0-4", 10), span("bytes=-3", 10), span("bytes=8-", 10), span("lines=1", 10)
    ((0, 5), (7, 3), (8, 2), None)
    """
    found = re.fullmatch(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", header or "")
    if not found or not (found[1] or found[2]):
        return None  # other units and several ranges: the whole, as S3 answers
    if not found[1]:
        count = min(int(found[2]), size)
        if count == 0:
            raise InvalidRange(RangeRequested=header, ActualObjectSize=size)
        return size - count, count
    first = int(found[1])
    if first >= size:
        raise InvalidRange(RangeRequested=header, ActualObjectSize=size)
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    return None if last < first else (first, last - first + 1)


def copy_span(header, size):
    """Return (first byte, count) of x-amz-copy-source-range, which must lie within the source."""
    found = re.fullmatch(r"bytes=(\d+)-(\d+)", header)
    if not found or int(found[1]) > int(found[2]):
        raise InvalidArgument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy"
        )
    first, last = int(found[1]), int(found[2])
    if last >= size:
        raise InvalidRange(RangeRequested=header, ActualObjectSize=size)
    return first, last - first + 1
