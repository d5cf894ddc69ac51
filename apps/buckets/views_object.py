"""Pages of one object, at a tab of the URL (object_tabs.py), and its forms.

A form is an act of acts_of_objects.py; a refusal stands at its field with the values kept.
"""

from datetime import UTC, datetime, timedelta

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from apps.buckets import acts, acts_of_objects, sharing
from apps.buckets.frames import address, back, crumbs, folder_of, frame, own_bucket, run, tell
from apps.buckets.object_tabs import TABS, WITHOUT_HEAD, find
from playground.wire.errors import ServiceError


@require_GET
def item(request, name):
    """Show one object or one version of it, at a tab of the URL."""
    bucket = own_bucket(request, name)
    found = find(request, bucket, request.GET.get("key", ""), request.GET.get("version", ""))
    return _page(request, bucket, found, request.GET.get("tab", "overview"))


def _page(request, bucket, found, tab, status=200):
    if tab not in TABS:
        raise Http404
    shown = list(TABS) if found.head else list(WITHOUT_HEAD)
    tab = tab if tab in shown else "versions"
    told = TABS[tab][1](request, bucket, found)
    told.update(
        found=found,
        key=found.key,
        head=found.head,
        tab=tab,
        tabs=[(slug, TABS[slug][0], address(bucket, "object", **_query(found), tab=slug)) for slug in shown],
        crumbs=crumbs(folder_of(found.key)),
        name=found.key.rstrip("/").rpartition("/")[2] or found.key,
        problem=found.more.get("problem") or {},
        save=address(bucket, "raw", **_query(found), save=1),
        look=address(bucket, "raw", **_query(found)),
    )
    return render(request, "buckets/object.html", frame(request, bucket=bucket, **told), status=status)


def _query(found):
    return {"key": found.key, "version": found.version}


# -- forms ----------------------------------------------------------------------------------------

# What each form does: its tab, the field of a refusal that no code places, what is said afterwards.
FORMS = {
    "tags": ("details", "tags", "The tags are set."),
    "headers": ("details", "headers", "The object is copied onto itself with these headers."),
    "retention": ("protection", "until", "The retention is set."),
    "hold": ("protection", "hold", "The legal hold is set."),
    "object-acl": ("access", "acl", "The ACL is set."),
}
PLACES = {
    "MetadataTooLarge": "metadata",
    "InvalidStorageClass": "storage_class",
    "InvalidRedirectLocation": "redirect",
}


@require_POST
def change(request, name, what):
    """Do what a form of the page asks."""
    bucket = own_bucket(request, name)
    if what not in FORMS:
        raise Http404
    tab, place, done = FORMS[what]
    key, version = request.POST.get("key", ""), request.POST.get("version", "")
    try:
        run(request, bucket, acts_of_objects.OF_OBJECTS[what](bucket, request.POST))
    except acts.FormProblem as err:
        problem = {err.field: err.text}
    except ServiceError as err:
        problem = {PLACES.get(err.code, place): err.message}
    else:
        tell(request, done)
        newest = what == "headers"  # the copy is a version of its own
        return back(bucket, "object", key=key, version="" if newest else version, tab=tab)
    found = find(request, bucket, key, version)
    found.more = {"problem": problem, "values": request.POST}
    return _page(request, bucket, found, tab, status=422)


@require_POST
def share(request, name):
    """Make a presigned URL with the lab's own key, and show what it allows and until when."""
    bucket = own_bucket(request, name)
    form = request.POST
    found = find(request, bucket, form.get("key", ""), form.get("version", ""))
    found.more = {"values": form}
    method = form.get("method") if form.get("method") in sharing.METHODS else "GET"
    access_key = request.lab.access_keys.filter(active=True).order_by("created_at").first()
    try:
        seconds = sharing.life_seconds(form)
        if access_key is None:
            raise acts.FormProblem("life", "This lab's root user has no active access key to sign with.")
    except acts.FormProblem as err:
        found.more["problem"] = {err.field: err.text}
        return _page(request, bucket, found, "share", status=422)
    version = found.version if method == "GET" else ""  # a version is read, not written
    host = request.get_host()
    hostname = host if host.endswith("]") else host.rsplit(":", 1)[0]
    url = sharing.presign(bucket, found.key, version, method, seconds, access_key, hostname)
    found.more["link"] = {
        "url": url,
        "method": method,
        "until": datetime.now(UTC) + timedelta(seconds=seconds),
        "access_key": access_key.access_key_id,
        "ways": sharing.ways(bucket, found.key, version, method, seconds, url),
    }
    return _page(request, bucket, found, "share")
