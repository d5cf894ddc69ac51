"""The forms of the object list: store, make a folder, rename, delete, restore a version, undo a delete; and the bytes.

Each works as a plain post. The page's script sends the same forms and takes the list's fragment back, so that
uploads go on meanwhile.
"""

import mimetypes

from django.http import Http404, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.buckets import acts, acts_of_buckets, acts_of_objects, versions
from apps.buckets.frames import back, counted, folder_of, frame, own_bucket, run, s3, tell
from playground.wire.errors import ServiceError

SHOWN_INLINE = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")
ACTS = {**acts.OF_LISTS, **acts_of_objects.OF_OBJECTS, **acts_of_buckets.OF_BUCKETS}
DELETED_AT_ONCE = 1000


@require_POST
def ways(request, name, what):
    """Show what a form would ask, as it is filled in, as CLI, boto3 and HTTP."""
    bucket = own_bucket(request, name)
    if what not in ACTS:
        raise Http404
    try:
        asked = ACTS[what](bucket, request.POST)
    except acts.FormProblem:
        asked = []  # half a form is no act yet
    return render(request, "buckets/_ways.html", {"acts": asked})


def _home(request, bucket):
    """Return the way back to where the form stood: the list, or an object's versions while any is left."""
    form = request.POST
    key = form.get("of", "")
    if key and versions.of(bucket, key).exists():
        return back(bucket, "object", key=key, tab="versions")
    if key:
        return back(bucket, prefix=folder_of(key))
    shown = {"prefix": form.get("prefix", ""), "begins": form.get("begins", "")}
    return back(bucket, **shown, versions="1" if form.get("versions") else "")


# -- storing --------------------------------------------------------------------------------------


@require_http_methods(["PUT", "POST"])
def upload(request, name):
    """Store files. PUT streams one file of any size from the page's script; POST is the plain form."""
    bucket = own_bucket(request, name)
    if request.method == "PUT":
        return _upload_one(request, bucket)
    prefix, files = request.POST.get("prefix", ""), request.FILES.getlist("files")
    for file in files:
        s3(request, bucket, "PutObject", Key=prefix + file.name, Body=file, ContentType=content_type(file.name))
    tell(
        request,
        f"Stored {counted(len(files), 'file')}." if files else "",
        [] if files else ["Choose one or more files first."],
    )
    return _home(request, bucket)


def content_type(name):
    """Return the Content-Type of a file by its name's ending."""
    return mimetypes.guess_type(name)[0] or "binary/octet-stream"


class Sent:
    """The request's body, a declared number of bytes; fewer than declared is no upload."""

    def __init__(self, request):
        self.source, self.left = request, int(request.META.get("CONTENT_LENGTH") or 0)

    def read(self, size=-1):
        data = self.source.read(min(size, self.left) if size >= 0 else self.left) if self.left else b""
        if self.left and not data:
            raise OSError("the upload was cancelled")
        self.left -= len(data)
        return data


def answered(make):
    """Return make()'s dict as JSON; a refusal, or a connection that broke, as JSON too."""
    try:
        return JsonResponse(make())
    except ServiceError as err:
        return JsonResponse({"code": err.code, "message": err.message}, status=err.status)
    except OSError as err:
        return JsonResponse({"message": str(err)}, status=400)


def _upload_one(request, bucket):
    key = request.GET.get("key", "")
    if not key:
        return JsonResponse({"message": "The file has no name."}, status=400)

    def put():
        return s3(request, bucket, "PutObject", Key=key, Body=Sent(request), ContentType=content_type(key))

    return answered(lambda: {"etag": put()["ETag"]})


@require_POST
def folder(request, name):
    """Make a folder."""
    bucket = own_bucket(request, name)
    try:
        act = acts.folder(bucket, request.POST)
        run(request, bucket, act)
        tell(request, f"The folder {act[0][1]['Key']} is made: an empty object holds its place.")
    except (acts.FormProblem, ServiceError) as err:
        tell(request, "", [getattr(err, "text", None) or err.message])
    return _home(request, bucket)


# -- changing -------------------------------------------------------------------------------------


@require_POST
def rename(request, name):
    """Rename an object; a refusal stands at the field of the new key."""
    bucket = own_bucket(request, name)
    form = request.POST
    try:
        run(request, bucket, acts.rename(bucket, form))
    except acts.FormProblem as err:
        return _rename_refused(request, bucket, err.text)
    except ServiceError as err:
        taken = "There is an object with this key already. Choose another, or delete that one first."
        return _rename_refused(request, bucket, taken if err.code == "PreconditionFailed" else err.message)
    tell(request, f"{form['key']} is now {form['to']}.")
    return back(bucket, prefix=folder_of(form["to"]))


def _rename_refused(request, bucket, problem):
    told = {"key": request.POST.get("key", ""), "to": request.POST.get("to", ""), "rename_problem": problem}
    page = "buckets/_rename.html" if request.htmx else "buckets/rename.html"
    return render(request, page, frame(request, bucket=bucket, **told), status=422)


@require_POST
def delete_objects(request, name):
    """Delete the chosen keys and versions, and all that lies in the chosen folders."""
    bucket = own_bucket(request, name)
    form = request.POST.copy()
    for prefix in form.getlist("folder"):
        for key in _keys_below(request, bucket, prefix):
            form.appendlist("key", key)
    try:
        [(operation, params)] = acts.delete(bucket, form)
    except acts.FormProblem as err:
        tell(request, "", [err.text])
        return _home(request, bucket)
    chosen, deleted, refused = params["Delete"]["Objects"], 0, []
    for start in range(0, len(chosen), DELETED_AT_ONCE):
        some = {**params, "Delete": {"Objects": chosen[start : start + DELETED_AT_ONCE]}}
        answer = run(request, bucket, [(operation, some)])
        deleted += len(answer["Deleted"])
        refused += [f"{one['Key']}: {one['Code']}, {one['Message']}" for one in answer["Errors"]]
    tell(request, _deleted(bucket, form, deleted), refused[:10])
    return _home(request, bucket)


def _deleted(bucket, form, count):
    if not count:
        return ""
    if form.getlist("version"):
        return f"Deleted {counted(count, 'version')} for good."
    kept = " Older versions are kept: show versions to undo it." if bucket.versioning == "Enabled" else ""
    return f"Deleted {counted(count, 'object')}.{kept}"


def _keys_below(request, bucket, prefix):
    """Return every key of a folder."""
    keys, more = [], {}
    while more is not None:
        answer = s3(request, bucket, "ListObjectsV2", Prefix=prefix, **more)
        keys += [found["Key"] for found in answer["Contents"]]
        token = answer.get("NextContinuationToken")
        more = {"ContinuationToken": token} if token else None
    return keys


@require_POST
def restore(request, name):
    """Restore a version, or undo a delete."""
    bucket = own_bucket(request, name)
    undone = "undelete" in request.POST
    act = (acts.undelete if undone else acts.restore)(bucket, request.POST)
    key = act[0][1]["Key"]
    try:
        run(request, bucket, act)
        told = (
            "The delete marker is removed, so {} is back."
            if undone
            else "The chosen version of {} is the newest again."
        )
        tell(request, told.format(key))
    except ServiceError as err:
        tell(request, "", [f"{key}: {err.message}"])
    return _home(request, bucket)


# -- the bytes ------------------------------------------------------------------------------------


@require_safe
def raw(request, name):
    """Send an object's bytes: images to look at, everything else to save; never as a page of the console."""
    bucket = own_bucket(request, name)
    key, wanted = request.GET.get("key", ""), {}
    if request.GET.get("version"):
        wanted["VersionId"] = request.GET["version"]
    if request.GET.get("first", "").isdigit():
        wanted["Range"] = f"bytes=0-{int(request.GET['first']) - 1}"
    found = s3(request, bucket, "GetObject", Key=key, **wanted)
    body, kind = found["Body"], found["ContentType"].partition(";")[0]
    inline = kind in SHOWN_INLINE and "save" not in request.GET
    answer = StreamingHttpResponse(body.pieces, content_type=kind if inline else "application/octet-stream")
    answer["Content-Length"] = str(body.length)
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    if not inline:
        answer["Content-Disposition"] = _saved_as(key)
    return answer


def _saved_as(key):
    """Return the Content-Disposition of a download: the key's last part, without what no header may hold."""
    name = key.rstrip("/").rpartition("/")[2] or "object"
    return content_disposition_header(True, "".join(one if one.isprintable() else "_" for one in name))
