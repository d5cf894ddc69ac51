"""What the forms of an object list ask of S3: a form's values become a list of (operation, request).

A form is an operation's dict, so the page that sends it also shows it as CLI, boto3 and HTTP. acts_of_buckets.py and
acts_of_objects.py have the forms of a bucket's properties and of one object. Pure.
"""

from urllib.parse import quote


class FormProblem(Exception):
    """A form that no operation can be made of. field: where it stands."""

    def __init__(self, field, text):
        self.field, self.text = field, text
        super().__init__(text)


def source_of(bucket, key, version=""):
    """Return the CopySource of an object.

    >>> class B: name = "photos"
    >>> source_of(B, "a b/é.jpg"), source_of(B, "x", "v1")
    ('photos/a%20b/%C3%A9.jpg', 'photos/x?versionId=v1')
    """
    return f"{bucket.name}/{quote(key, safe='/~')}" + (f"?versionId={version}" if version else "")


def version_field(text):
    """Return (version id, key) of a field "id:key"; version ids have no colon."""
    version, _, key = text.partition(":")
    return version, key


def delete(bucket, form):
    """Delete the chosen keys and, for good, the chosen versions."""
    chosen = [{"Key": key} for key in form.getlist("key")]
    for text in form.getlist("version"):
        version, key = version_field(text)
        chosen.append({"Key": key, "VersionId": version})
    if not chosen:
        raise FormProblem("key", "Choose one or more objects first.")
    params = {"Bucket": bucket.name, "Delete": {"Objects": chosen}}
    if form.get("bypass"):
        params["BypassGovernanceRetention"] = True
    return [("DeleteObjects", params)]


def delete_shown(bucket, form):
    """Return what Delete asks, for showing: a folder is listed first, and then its keys are deleted."""
    folders = form.getlist("folder")
    listed = [("ListObjectsV2", {"Bucket": bucket.name, "Prefix": prefix}) for prefix in folders]
    form = form.copy()
    form.setlist("key", form.getlist("key") + [f"{prefix}EACH-KEY" for prefix in folders])
    return listed + delete(bucket, form)


def folder(bucket, form):
    """Make a folder: S3 has none, so an empty object whose key ends in a slash holds the place."""
    name = form.get("name", "").strip().strip("/")
    if not name:
        raise FormProblem("name", "A folder needs a name.")
    key = f"{form.get('prefix', '')}{name}/"
    return [("PutObject", {"Bucket": bucket.name, "Key": key, "Body": b"", "ContentType": "application/x-directory"})]


def rename(bucket, form):
    """Rename an object: copy it to the other key, unless there is one, and delete the old key."""
    old, new = form.get("key", ""), form.get("to", "")
    if not new:
        raise FormProblem("to", "A key has at least one character.")
    if new == old:
        raise FormProblem("to", "This is its key already.")
    copied = {"Bucket": bucket.name, "Key": new, "CopySource": source_of(bucket, old), "IfNoneMatch": "*"}
    return [("CopyObject", copied), ("DeleteObject", {"Bucket": bucket.name, "Key": old})]


def restore(bucket, form):
    """Make an older version the newest: copy it over the key."""
    version, key = version_field(form.get("restore", ""))
    copied = {"Bucket": bucket.name, "Key": key, "CopySource": source_of(bucket, key, version)}
    return [("CopyObject", copied)]


def undelete(bucket, form):
    """Undo a delete: remove the delete marker, and the version below it is the newest again."""
    version, key = version_field(form.get("undelete", ""))
    return [("DeleteObject", {"Bucket": bucket.name, "Key": key, "VersionId": version})]


def uploads(bucket, prefix):
    """Return what an upload asks, for showing: one operation, or three for a file over 8 MiB."""
    key = f"{prefix}photo.jpg"
    whole = ("PutObject", {"Bucket": bucket.name, "Key": key, "Body": b"", "ContentType": "image/jpeg"})
    key = f"{prefix}film.mov"
    upload_id = {"Bucket": bucket.name, "Key": key, "UploadId": "UPLOAD-ID"}
    parts = {"Parts": [{"PartNumber": 1, "ETag": "ETAG-OF-PART-1"}]}
    return [
        whole,
        ("CreateMultipartUpload", {"Bucket": bucket.name, "Key": key}),
        ("UploadPart", {**upload_id, "PartNumber": 1, "Body": b""}),
        ("CompleteMultipartUpload", {**upload_id, "MultipartUpload": parts}),
    ]


OF_LISTS = {
    "delete": delete_shown, "folder": folder, "rename": rename, "restore": restore, "undelete": undelete,
}  # fmt: skip
