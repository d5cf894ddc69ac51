"""What the object list shows: one page of a folder, as S3 lists it, with or without all versions.

A row is a dict of the template's making: kind ("folder", "object", "version", "marker"), name (below the folder),
key, and what S3 tells of it. The order is S3's own, by UTF-8 bytes: it sorts by nothing else.
"""

from django.db.models import Count

from apps.buckets import acts
from apps.buckets.frames import address, crumbs, s3
from apps.buckets.models import Object
from apps.buckets.operations.listing import LAST

PAGE = 200


def page(request, bucket):
    """Return the template's variables of the list at the place that the query names."""
    query = request.GET
    prefix, begins = query.get("prefix", ""), query.get("begins", "")
    all_versions = query.get("versions") == "1"
    asked = {"Prefix": prefix + begins, "Delimiter": "/", "MaxKeys": PAGE}
    listed = _versions(request, bucket, asked) if all_versions else _objects(request, bucket, asked)
    rows = listed.pop("rows")
    for row in rows:
        _addressed(bucket, row, prefix, all_versions)
    here = {"prefix": prefix, "begins": begins, "versions": "1" if all_versions else ""}
    if listed["more"]:
        listed["next"] = address(bucket, **here, **listed["more"])
    shown = {name: value for name, value in asked.items() if value and name != "MaxKeys"}
    return {
        "prefix": prefix,
        "begins": begins,
        "all_versions": all_versions,
        "crumbs": crumbs(prefix),
        "rows": rows,
        "first": address(bucket, **here) if query.get("after") else "",
        "switch": address(bucket, **{**here, "versions": "" if all_versions else "1"}),
        "hidden_count": 0 if all_versions else _hidden(bucket, prefix + begins),
        "unfinished_count": bucket.uploads.count(),
        "upload_acts": acts.uploads(bucket, prefix),
        "operation": "ListObjectVersions" if all_versions else "ListObjectsV2",
        "list_params": {"Bucket": bucket.name, **shown},
        **listed,
    }


IMAGES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg", ".ico")


def _addressed(bucket, row, prefix, all_versions):
    """Give a row its name below the folder, its icon and where its links lead."""
    key = row["key"]
    row["name"] = key[len(prefix) :]
    row["uri"] = f"s3://{bucket.name}/{key}"
    if row["kind"] == "folder":
        row["icon"] = "folder"
        row["href"] = address(bucket, prefix=key, versions="1" if all_versions else "")
        return
    row["icon"] = "image" if key.lower().endswith(IMAGES) else "file"
    version = row.get("version", "")
    row["id"] = f"{version}:{key}" if version else ""
    row["href"] = address(bucket, "object", key=key, version=version)
    row["history"] = address(bucket, "object", key=key, tab="versions")
    if row["kind"] == "marker":
        row["href"] = row["history"]
    else:
        row["save"] = address(bucket, "raw", key=key, version=version, save=1)


def _folders(answer):
    return [{"kind": "folder", "key": found["Prefix"]} for found in answer["CommonPrefixes"]]


def _objects(request, bucket, asked):
    """Return {"rows", "more"} of the newest versions."""
    if request.GET.get("after"):
        asked = {**asked, "ContinuationToken": request.GET["after"]}
    answer = s3(request, bucket, "ListObjectsV2", **asked)
    counts = _version_counts(bucket, [found["Key"] for found in answer["Contents"]])
    rows = [
        {
            "kind": "object",
            "key": found["Key"],
            "size": found["Size"],
            "modified": found["LastModified"],
            "storage_class": found["StorageClass"],
            "version_count": counts.get(found["Key"], 1),
        }
        for found in answer["Contents"]
    ]
    token = answer.get("NextContinuationToken")
    return {"rows": _folders(answer) + rows, "more": {"after": token} if token else None}


def _version_counts(bucket, keys):
    """Return {key: versions and delete markers}; S3 itself tells it only by listing them all."""
    if not bucket.versioning or not keys:
        return {}
    found = Object.objects.filter(bucket=bucket, key__in=keys).values_list("key").annotate(count=Count("id"))
    return dict(found.order_by())


def _hidden(bucket, prefix):
    """Return how many keys below a prefix are hidden by delete markers."""
    if not bucket.versioning:
        return 0
    found = Object.objects.filter(bucket=bucket, is_latest=True, is_delete_marker=True)
    return (found.filter(key__gte=prefix, key__lt=prefix + LAST) if prefix else found).count()


def _versions(request, bucket, asked):
    """Return {"rows", "more"} of all versions and delete markers, newest first at each key."""
    if request.GET.get("after"):
        asked = {**asked, "KeyMarker": request.GET["after"]}
        if request.GET.get("after_id"):
            asked["VersionIdMarker"] = request.GET["after_id"]
    answer = s3(request, bucket, "ListObjectVersions", **asked)
    rows = version_rows(answer)
    if not answer["IsTruncated"]:
        return {"rows": _folders(answer) + rows, "more": None}
    more = {"after": answer["NextKeyMarker"], "after_id": answer.get("NextVersionIdMarker")}
    return {"rows": _folders(answer) + rows, "more": more}


def version_rows(answer):
    """Return the rows of ListObjectVersions in one order: by key, then the newest first."""
    found = [("version", one) for one in answer["Versions"]] + [("marker", one) for one in answer["DeleteMarkers"]]
    # S3 tells versions and markers in two lists; within a key both run from the newest to the oldest.
    found.sort(key=lambda pair: (pair[1]["Key"], not pair[1]["IsLatest"], -pair[1]["LastModified"].timestamp()))
    rows, previous = [], None
    for kind, one in found:
        rows.append(
            {
                "kind": kind,
                "key": one["Key"],
                "size": one.get("Size"),
                "modified": one["LastModified"],
                "storage_class": one.get("StorageClass", ""),
                "version": one["VersionId"],
                "latest": one["IsLatest"],
                "first": one["Key"] != previous,
            }
        )
        previous = one["Key"]
    return rows
