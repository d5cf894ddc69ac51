"""The map page: visitors arrive, by hand or by the hundred, and edges serve them.

Each action answers JSON to the page's script (static/js/visitors.js) and a redirect to a plain form.
"""

from statistics import median
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.cdn import geo, visitors
from apps.cdn import visits as memory
from apps.cdn.models import Distribution, VisitorRun
from apps.cdn.story import edge_points, origin_point, region_of

CITIES = 400  # offered by the city field
ROWS = 100  # visits that the page starts with
COUNTED = 5000  # newest visits that figures are made of: quick enough to count at every look
HITS = ("Hit", "RefreshHit")
TABS = (("map", "Map"), ("table", "Table"), ("edges", "By edge"))


def own(request, distribution_id):
    """Return a distribution of this lab. Errors: 404 for any other, as if it did not exist."""
    mine = (
        Distribution.objects.select_related("account").of(request.lab) if request.lab else Distribution.objects.none()
    )
    found = mine.filter(distribution_id=distribution_id).first()
    if found is None:
        raise Http404
    return found


def told(visit):
    """Return a visit as the page and its script read it, with the reasons worked out."""
    fields = (
        "request_id",
        "path",
        "status",
        "city",
        "country_code",
        "latitude",
        "longitude",
        "pop",
        "result",
        "reason",
    )
    return {
        "id": visit.pk,
        "at": visit.at.strftime("%H:%M:%S"),
        **{name: getattr(visit, name) for name in fields},
        "distance_km": round(visit.distance_km, 1),
        "ttfb_ms": visit.ttfb_ms,
        "direct_ms": visit.direct_ms,
        "age": visit.detail.get("age"),
        **memory.explain(visit),
    }


def _figures(seen):
    """Return the figures of some visits. seen: [(pop, result, ms with CDN, ms without)], not empty."""
    hits = sum(result in HITS for _pop, result, _with, _without in seen)
    return {
        "visitors": len(seen),
        "hits": hits,
        "hit_percent": round(100 * hits / len(seen)),
        "ttfb_ms": round(median(ms for _pop, _result, ms, _without in seen), 1),
        "direct_ms": round(median(ms for _pop, _result, _with, ms in seen), 1),
    }


def figures(distribution):
    """Return (figures of the newest visits or None, the same edge by edge, the busiest first)."""
    newest = distribution.visits.order_by("-pk").values_list("pop", "result", "ttfb_ms", "direct_ms")[:COUNTED]
    by_pop = {}
    for row in newest:
        by_pop.setdefault(row[0], []).append(row)
    rows = [{"pop": pop, "city": geo.edges()[pop].city, **_figures(seen)} for pop, seen in by_pop.items()]
    total = _figures([row for seen in by_pop.values() for row in seen]) if by_pop else None
    return total, sorted(rows, key=lambda row: (-row["visitors"], row["pop"]))


@require_GET
def show(request):
    """Show the map of one distribution, or of the lab's newest; path, city and tab are in the URL."""
    mine = Distribution.objects.of(request.lab).order_by("-pk") if request.lab else Distribution.objects.none()
    chosen = request.GET.get("distribution")
    distribution = own(request, chosen) if chosen else mine.first()
    tab = request.GET.get("tab", "map")
    page = {"distribution": distribution, "distributions": mine, "cities": geo.cities()[:CITIES], "tabs": TABS}
    page.update(path=request.GET.get("path", "/"), city=request.GET.get("city", "London"))
    page["tab"] = tab if tab in dict(TABS) else "map"
    if distribution is None:
        return render(request, "cdn/map.html", page)
    rows, cursor = memory.since(distribution, limit=ROWS)
    page["total"], page["edges_used"] = figures(distribution)
    if request.htmx and page["tab"] == "edges":
        return render(request, "cdn/_edges.html", page)
    page["edges"] = geo.edges().values()
    page["rows"] = [told(row) for row in reversed(rows)]
    page["data"] = {
        "edges": edge_points(),
        "origin": origin_point(region_of(distribution)),
        "distribution": distribution.distribution_id,
        "visits": page["rows"][::-1],
        "cursor": cursor,
    }
    return render(request, "cdn/map.html", page)


def _scripted(request):
    return "application/json" in request.headers.get("Accept", "")


def _refused(request, distribution, status, message, field=""):
    """Say what is wrong: to the script at its field, to a plain form on the page it returns to."""
    if _scripted(request):
        return JsonResponse({"field": field, "message": message}, status=status)
    messages.error(request, message)
    return _back(request, distribution)


def _back(request, distribution):
    values = {"distribution": distribution.distribution_id}
    values.update(
        {name: request.POST[field] for name, field in (("path", "path"), ("city", "location")) if field in request.POST}
    )
    return redirect(f"{reverse('cdn:map')}?{urlencode(values)}")


@require_POST
def visit(request):
    """Let one visitor arrive: a real request to the nearest edge."""
    distribution = own(request, request.POST.get("distribution", ""))
    path = request.POST.get("path", "/").strip() or "/"
    try:
        answer = visitors.visit(distribution, path, request.POST.get("location", "").strip() or None)
    except geo.UnknownPlace as err:
        return _refused(request, distribution, 422, str(err), "location")
    except visitors.EdgesDown as err:
        return _refused(request, distribution, 503, str(err))
    return JsonResponse(answer) if _scripted(request) else _back(request, distribution)


@require_POST
def send(request):
    """Send many visitors; a worker does it, the page watches."""
    distribution = own(request, request.POST.get("distribution", ""))
    text = request.POST.get("visitors", "500").strip()
    try:
        run = visitors.start(distribution, int(text) if text.isdecimal() and len(text) < 9 else 0)
    except ValueError as err:
        return _refused(request, distribution, 422, str(err), "visitors")
    return JsonResponse({"run": run.pk}) if _scripted(request) else _back(request, distribution)


@require_GET
def visits(request):
    """Answer what happened since a cursor, the figures when they changed, and how far the visitors being sent are."""
    distribution = own(request, request.GET.get("distribution", ""))
    run = VisitorRun.objects.filter(distribution=distribution).first()  # first: what a finished run did is then told
    cursor = request.GET.get("after", "0")
    rows, cursor = memory.since(distribution, int(cursor) if cursor.isdecimal() and len(cursor) < 18 else 0)
    answer = {"visits": [told(row) for row in rows], "cursor": cursor}
    if rows:
        answer["total"], _by_edge = figures(distribution)
    if run:
        answer["run"] = {name: getattr(run, name) for name in ("pk", "visitors", "sent", "state", "error")}
    return JsonResponse(answer)
