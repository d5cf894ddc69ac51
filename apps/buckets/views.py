"""Pages of buckets: the list, a new one, one at a tab of the URL, and its end.

A view loads, calls operations through request.aws, and renders. frames.py has what all pages share, listings.py the
object list, views_objects.py its forms; pages.py has permissions and events.
"""

from django.contrib import messages
from django.db.models import Count, Q, Sum
from django.http import Http404, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.buckets import acts_of_buckets, listings, pages, properties, views_properties, views_uploads
from apps.buckets.acts_of_objects import pairs
from apps.buckets.frames import back, frame, own_bucket, s3, tab_frame
from apps.buckets.models import Bucket
from playground.wire.errors import ServiceError

NEW = {"region": "us-east-1", "ownership": "BucketOwnerEnforced", "algorithm": "AES256", "bucket_key": "1"}


@require_GET
def index(request):
    """List the lab's buckets, or open the form of a new one."""
    if "new" in request.GET:
        return _new_page(request, QueryDict(urlencode({**NEW, "name": request.GET.get("name", "")})))
    rows = Bucket.objects.filter(account=request.lab).order_by("name") if request.lab else Bucket.objects.none()
    newest = Q(stored__is_latest=True, stored__is_delete_marker=False)
    rows = rows.annotate(object_count=Count("stored", filter=newest), stored_bytes=Sum("stored__size_bytes"))
    return render(request, "buckets/index.html", frame(request, rows=rows, acts=[("ListBuckets", {})]))


def _new_page(request, form, problem=None, status=200):
    kms_keys = properties.usable_keys(request.lab) if request.lab else []
    told = {"form": form, "pairs": pairs(form, "tag"), "kms_keys": kms_keys, "problem": problem or {}}
    told["acts"] = acts_of_buckets.create(None, form)
    return render(request, "buckets/new.html", frame(request, **told), status=status)


@require_http_methods(["GET", "POST"])
def new(request):
    """Create a bucket; a refusal stands at its field."""
    if request.method == "GET":
        return redirect(f"{reverse('buckets:index')}?{urlencode({'new': 1, 'name': request.GET.get('name', '')})}")
    form = request.POST
    name, region = form.get("name", "").strip(), form.get("region") or "us-east-1"
    first, *rest = acts_of_buckets.create(None, form)
    try:
        request.aws("s3", *first, region=region)
    except ServiceError as err:
        return _new_page(request, form, {_place(err): _name_problem(err)}, status=422)
    for operation, params in rest:
        try:
            request.aws("s3", operation, params, region=region)
        except ServiceError as err:
            messages.error(request, f"The bucket is made, but {operation} was refused: {err.message}")
            return redirect(f"{reverse('buckets:show', args=[name])}?tab=properties")
    messages.success(request, f"The bucket {name} is ready in {region}.")
    return redirect("buckets:show", name)


def _place(err):
    return {"InvalidTag": "tags", "MalformedXML": "ownership"}.get(err.code, "name")


def _name_problem(err):
    rules = "Use 3 to 63 small letters, digits, dots and hyphens, beginning and ending with a letter or digit."
    return f"{err.message} {rules}" if err.code == "InvalidBucketName" else err.message


@require_POST
def new_ways(request):
    """Show what the form of a new bucket would ask, as it is filled in."""
    return render(request, "buckets/_ways.html", {"acts": acts_of_buckets.create(None, request.POST)})


# What each tab shows: a function (request, bucket) -> variables of its template.
SHOWN = {
    "objects": listings.page,
    "uploads": views_uploads.shown,
    "properties": views_properties.shown,
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
