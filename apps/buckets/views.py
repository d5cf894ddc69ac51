"""Pages of buckets: the list, a new one, one at a tab of the URL, and its end.

A view loads, calls operations through request.aws, and renders. frames.py has what all pages share, listings.py the
object list, views_objects.py its forms; pages.py has permissions and events.
"""

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.buckets import listings, pages, views_uploads
from apps.buckets.frames import back, frame, own_bucket, s3, tab_frame
from playground.wire.errors import ServiceError


@require_GET
def index(request):
    """List the lab's buckets."""
    return render(
        request, "buckets/index.html", frame(request, name=request.GET.get("name", ""), opened="new" in request.GET)
    )


@require_http_methods(["GET", "POST"])
def new(request):
    """Create a bucket; a refusal stands at its field."""
    if request.method == "GET":
        return redirect(f"{reverse('buckets:index')}?new=1&name={request.GET.get('name', '')}")
    name, region = request.POST.get("name", "").strip(), request.POST.get("region") or "us-east-1"
    params = {"Bucket": name}
    if region != "us-east-1":
        params["CreateBucketConfiguration"] = {"LocationConstraint": region}
    try:
        request.aws("s3", "CreateBucket", params, region=region)
    except ServiceError as err:
        told = frame(request, name=name, region=region, problem=_name_problem(err), opened=True)
        return render(request, "buckets/index.html", told, status=422)
    messages.success(request, f"The bucket {name} is ready in {region}.")
    return redirect("buckets:show", name)


def _name_problem(err):
    rules = "Use 3 to 63 small letters, digits, dots and hyphens, beginning and ending with a letter or digit."
    return f"{err.message} {rules}" if err.code == "InvalidBucketName" else err.message


# What each tab shows: a function (request, bucket) -> variables of its template.
SHOWN = {
    "objects": listings.page,
    "uploads": views_uploads.shown,
    "properties": lambda request, bucket: _properties(bucket),
    "permissions": pages.permissions_shown,
    "events": pages.events_shown,
}


@require_GET
@never_cache  # the list's fragment has the page's address
def show(request, name):
    """Show one bucket, at a tab of the URL; to the list's script only the list."""
    bucket = own_bucket(request, name)
    tab = request.GET.get("tab", "objects")
    if tab not in SHOWN:
        raise Http404
    told = tab_frame(request, bucket, tab, **SHOWN[tab](request, bucket))
    part = tab == "objects" and request.htmx
    return render(request, "buckets/_objects.html" if part else "buckets/show.html", told)


def _properties(bucket):
    found = bucket.stored.aggregate(count=Count("id"), total=Sum("size_bytes"))
    return {"object_count": found["count"], "stored_bytes": found["total"] or 0}


@require_POST
def delete_bucket(request, name):
    """Delete an empty bucket."""
    bucket = own_bucket(request, name)
    try:
        s3(request, bucket, "DeleteBucket")
    except ServiceError as err:
        first = "Delete its objects, versions and unfinished uploads first."
        messages.error(request, f"{err.message}. {first}" if err.code == "BucketNotEmpty" else err.message)
        return back(bucket, tab="properties")
    messages.success(request, f"The bucket {name} is gone.")
    return redirect("buckets:index")
