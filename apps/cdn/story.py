"""The first page: London and Los Angeles, played on the ready-made site by real requests to real edges."""

import re
from dataclasses import asdict

from django.conf import settings
from django.http import JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from apps.cdn import geo, visitors
from apps.cdn.directory import region_of_bucket
from apps.cdn.models import Distribution
from apps.cdn.plan import own_name

PHOTO = "/photo.jpg"
ACTS = (
    {"city": "London", "title": "Ana, in London", "before": "She is the first to ask for the photo."},
    {"city": "London", "title": "Ben, in London, a moment later", "before": "The same photo, the same city."},
    {"city": "Los Angeles", "title": "Carla, in Los Angeles", "before": "The same photo, an ocean away."},
)


def showcase():
    """Return the distribution of the ready-made site, or None before it is seeded."""
    return Distribution.objects.filter(account__is_showcase=True).select_related("account").order_by("pk").first()


def edge_points():
    """Return every edge as the map draws it."""
    return [
        {k: v for k, v in asdict(e).items() if k in ("pop", "city", "latitude", "longitude")}
        for e in geo.edges().values()
    ]


def origin_point(region):
    """Return a region as the map draws it."""
    place = geo.region_place(region)
    return {"region": region, "city": place.name, "latitude": place.latitude, "longitude": place.longitude}


def region_of(distribution):
    """Return the region of a distribution's first origin; us-east-1 for one outside of the playground."""
    own = own_name(distribution.config["Origins"]["Items"][0]["DomainName"].lower(), settings.DOMAINS)
    if own is None:
        return "us-east-1"
    kind, label, region = own
    bucket = region_of_bucket(label) if kind in ("s3", "website") else None
    return bucket or region or "us-east-1"


@require_GET
def home(request):
    """Show the story, ready to play."""
    distribution = showcase()
    region = region_of(distribution) if distribution else "us-west-2"
    here = geo.region_place(region)
    acts = [_placed(act, here) for act in ACTS]
    data = {"edges": edge_points(), "acts": acts, "origin": origin_point(region)}
    told = {"acts": ACTS, "site": distribution, "data": data, "region_name": geo.regions()[region][0]}
    return render(request, "home/index.html", told)


def _placed(act, origin):
    place = geo.resolve(act["city"])
    km = round(geo.distance_km(place, origin))
    return {**act, "latitude": place.latitude, "longitude": place.longitude, "origin_km": km}


@require_POST
def play(request):
    """Make one act's visit for real. play: a word of this playing, part of the cache key, so that it starts fresh."""
    distribution = showcase()
    number, word = request.POST.get("act", ""), request.POST.get("play", "")
    if distribution is None or number not in ("0", "1", "2") or not re.fullmatch(r"[a-z0-9]{1,20}", word):
        return JsonResponse({"message": "There is no such act."}, status=400)
    try:
        return JsonResponse(visitors.visit(distribution, f"{PHOTO}?play={word}", ACTS[int(number)]["city"]))
    except visitors.EdgesDown as err:
        return JsonResponse({"message": str(err)}, status=503)
