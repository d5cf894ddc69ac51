"""The page of a bucket's properties and the forms of its sections (properties.py).

A refusal stands at its field, with the section open and the values kept.
"""

from django.db.models import Count, Q, Sum
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_POST

from apps.buckets import acts, acts_of_buckets
from apps.buckets.acts_of_objects import pairs
from apps.buckets.frames import address, own_bucket, run, tab_frame, tell
from apps.buckets.properties import SECTIONS
from playground.wire.errors import ServiceError

BY_SLUG = {section.slug: section for section in SECTIONS}


def shown(request, bucket, refused="", values=None, problem=None):
    """Return the variables of the properties tab. refused: the section whose form was refused, with its values."""
    opened = refused or request.GET.get("open", "")
    counts = bucket.stored.aggregate(
        objects=Count("id", filter=Q(is_latest=True, is_delete_marker=False)),
        versions=Count("id"),
        total=Sum("size_bytes"),
    )
    sections = []
    for section in SECTIONS:
        if section.slug == "acl" and not bucket.has_acls:
            continue
        again = section.slug == refused
        sections.append(_filled(request, bucket, section, values if again else None, problem if again else None))
    return {"sections": sections, "opened": opened, "counts": counts}


def _filled(request, bucket, section, values, problem):
    loaded = section.load(bucket)
    lists = {name: value if isinstance(value, list) else [value] for name, value in loaded.items()}
    form = values if values is not None else MultiValueDict(lists)
    words, colour = section.state(bucket)
    return {
        "slug": section.slug,
        "title": section.title,
        "about": section.about,
        "template": f"buckets/settings/_{section.slug.replace('-', '_')}.html",
        "state": words,
        "colour": colour,
        "form": form,
        "pairs": pairs(form, "tag"),
        "problem": problem or {},
        "tags_problem": (problem or {}).get("bucket-tags"),
        "acts": _asked(bucket, section.slug, form),
        **section.more(request, bucket),
    }


def _asked(bucket, slug, form):
    try:
        return acts_of_buckets.OF_BUCKETS[slug](bucket, form)
    except acts.FormProblem:
        return []


@require_POST
def change(request, name, what):
    """Do what the form of a section asks."""
    bucket = own_bucket(request, name)
    section = BY_SLUG.get(what)
    if section is None:
        raise Http404
    try:
        run(request, bucket, acts_of_buckets.OF_BUCKETS[what](bucket, request.POST))
    except acts.FormProblem as err:
        problem = {err.field: err.text}
    except ServiceError as err:
        place = "json" if request.POST.get("by") == "json" else section.place
        problem = {section.places.get(err.code, place): err.message}
    else:
        tell(request, section.done.format(status=request.POST.get("status", "").lower()))
        return redirect(address(bucket, tab="properties", open=what) + f"#{what}")
    bucket.refresh_from_db()
    told = shown(request, bucket, what, request.POST, problem)
    return render(request, "buckets/show.html", tab_frame(request, bucket, "properties", **told), status=422)
