"""What the forms of one object ask of S3: tags, headers and metadata, retention, legal hold, ACL.

Every form carries key and, where it means one, version.
"""

from datetime import UTC, datetime

from apps.buckets.acts import FormProblem, source_of

HEADERS = {  # field of the form -> member
    "content_type": "ContentType",
    "cache_control": "CacheControl",
    "content_disposition": "ContentDisposition",
    "content_encoding": "ContentEncoding",
    "content_language": "ContentLanguage",
    "redirect": "WebsiteRedirectLocation",
}


def _named(bucket, form):
    """Return the members that name the object, or a version of it."""
    named = {"Bucket": bucket.name, "Key": form.get("key", "")}
    return {**named, "VersionId": form["version"]} if form.get("version") else named


def pairs(form, name):
    """Return [(key, value)] of rows of two fields, without the empty ones."""
    found = zip(form.getlist(f"{name}_key"), form.getlist(f"{name}_value"), strict=False)
    return [(key.strip(), value.strip()) for key, value in found if key.strip() or value.strip()]


def tags(bucket, form):
    """Replace the tags; none removes them all."""
    found = [{"Key": key, "Value": value} for key, value in pairs(form, "tag")]
    if not found:
        return [("DeleteObjectTagging", _named(bucket, form))]
    return [("PutObjectTagging", {**_named(bucket, form), "Tagging": {"TagSet": found}})]


def headers(bucket, form):
    """Change headers, metadata and class: S3 changes none in place, so the object is copied onto itself.

    What the copy would lose is said again: its encryption. Its ACL goes back to private, as S3's own copy.
    """
    params = {
        "Bucket": bucket.name,
        "Key": form.get("key", ""),
        "CopySource": source_of(bucket, form.get("key", "")),
        "MetadataDirective": "REPLACE",
        "TaggingDirective": "COPY",
    }
    params |= {member: form[field].strip() for field, member in HEADERS.items() if form.get(field, "").strip()}
    params["Metadata"] = dict(pairs(form, "meta"))
    if form.get("storage_class") and form["storage_class"] != "STANDARD":
        params["StorageClass"] = form["storage_class"]
    if form.get("sse"):
        params["ServerSideEncryption"] = form["sse"]
    if form.get("sse_key"):
        params["SSEKMSKeyId"] = form["sse_key"]
    return [("CopyObject", params)]


def moment(form, field):
    """Return the time of a field, which is UTC, the lab's time. Errors: FormProblem."""
    try:
        return datetime.fromisoformat(form.get(field, "").strip().removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        raise FormProblem(field, "A date and a time, like 2030-01-31T12:00.") from None


def retention(bucket, form):
    """Keep a version until a date, or (in governance mode, with the right) no longer."""
    wanted = {}
    if form.get("mode"):
        wanted = {"Mode": form["mode"], "RetainUntilDate": moment(form, "until")}
    params = {**_named(bucket, form), "Retention": wanted}
    return [("PutObjectRetention", {**params, "BypassGovernanceRetention": True} if form.get("bypass") else params)]


def hold(bucket, form):
    """Place or lift a legal hold."""
    return [("PutObjectLegalHold", {**_named(bucket, form), "LegalHold": {"Status": form.get("status") or "OFF"}})]


def acl(bucket, form):
    """Set the object's ACL to a canned one."""
    return [("PutObjectAcl", {**_named(bucket, form), "ACL": form.get("acl") or "private"})]


OF_OBJECTS = {
    "tags": tags, "headers": headers, "retention": retention, "hold": hold, "object-acl": acl,
}  # fmt: skip
