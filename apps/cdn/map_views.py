"""The map page: visitors arrive, by hand or by the hundred, and edges serve them."""

from django.http import Http404, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from apps.cdn import geo, visitors
from apps.cdn import visits as memory
from apps.cdn.models import Distribution, VisitorRun
from apps.cdn.story import edge_points, origin_point, region_of

CITIES = 400  # offered by the city field
ROWS = 100


def own(request, distribution_id):
    """Return a distribution of this lab. Errors: 404 for any other, as if it did not exist."""
    found = (
        Distribution.objects.select_related("account")
        .filter(account=request.lab, distribution_id=distribution_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def told(visit):
    """Return a visit as the page and its script read it, with the reasons worked out."""
    more = memory.explain(visit)
    return {
        "id": visit.pk,
        "at": visit.at.strftime("%H:%M:%S"),
        "request_id": visit.request_id,
        "path": visit.path,
        "status": visit.status,
        "city": visit.city,
        "country_code": visit.country_code,
        "latitude": visit.latitude,
        "longitude": visit.longitude,
        "pop": visit.pop,
        "distance_km": round(visit.distance_km, 1),
        "result": visit.result,
        "reason": visit.reason,
        "ttfb_ms": visit.ttfb_ms,
        "direct_ms": visit.direct_ms,
        "age": visit.detail.get("age"),
        **more,
    }


@require_GET
def show(request):
    """Show the map of one distribution, or of the lab's newest."""
    mine = (
        Distribution.objects.filter(account=request.lab).order_by("-pk") if request.lab else Distribution.objects.none()
    )
    chosen = request.GET.get("distribution")
    distribution = own(request, chosen) if chosen else mine.first()
    page = {
        "distribution": distribution,
        "distributions": mine,
        "cities": geo.cities()[:CITIES],
        "tab": request.GET.get("tab", "map"),
    }
    page.update(path=request.GET.get("path", "/"), city=request.GET.get("city", "London"))
    if distribution:
        rows, cursor = memory.since(distribution, limit=ROWS)
        page["rows"] = [told(row) for row in reversed(rows)]
        page["edges_used"] = by_edge(distribution)
        page["data"] = {
            "edges": edge_points(),
            "origin": origin_point(region_of(distribution)),
            "distribution": distribution.distribution_id,
            "visits": page["rows"][::-1],
            "cursor": cursor,
        }
    return render(request, "cdn/map.html", page)


def by_edge(distribution):
    """Return the figures of each edge over the visits remembered: visitors, hits, medians."""
    found = {}
    for pop, result, ttfb, direct in distribution.visits.values_list("pop", "result", "ttfb_ms", "direct_ms"):
        found.setdefault(pop, []).append((result, ttfb, direct))
    rows = []
    for pop, seen in found.items():
        hits = sum(result in ("Hit", "RefreshHit") for result, _t, _d in seen)
        middle = len(seen) // 2
        rows.append(
            {
                "pop": pop,
                "city": geo.edges()[pop].city,
                "visitors": len(seen),
                "hits": hits,
                "hit_percent": round(100 * hits / len(seen)),
                "ttfb_ms": sorted(t for _r, t, _d in seen)[middle],
                "direct_ms": sorted(d for _r, _t, d in seen)[middle],
            }
        )
    return sorted(rows, key=lambda row: (-row["visitors"], row["pop"]))


@require_POST
def visit(request):
    """Let one visitor arrive: a real request to the nearest edge."""
    distribution = own(request, request.POST.get("distribution", ""))
    path = request.POST.get("path", "/").strip() or "/"
    try:
        answer = visitors.visit(distribution, path, request.POST.get("location", "").strip() or None)
    except geo.UnknownPlace as err:
        return JsonResponse({"field": "location", "message": str(err)}, status=422)
    except visitors.EdgesDown as err:
        return JsonResponse({"message": str(err)}, status=503)
    return JsonResponse(answer)


@require_POST
def send(request):
    """Send many visitors; a worker does it, the page watches."""
    distribution = own(request, request.POST.get("distribution", ""))
    text = request.POST.get("visitors", "500")
    path = request.POST.get("path", "").strip()
    try:
        run = visitors.start(distribution, int(text) if text.isdigit() else 0, paths=[path] if path else None)
    except ValueError as err:
        return JsonResponse({"field": "visitors", "message": str(err)}, status=422)
    return JsonResponse({"run": run.pk})


@require_GET
def visits(request):
    """Answer what happened since a cursor, and how far the visitors being sent are."""
    distribution = own(request, request.GET.get("distribution", ""))
    cursor = request.GET.get("after", "0")
    rows, cursor = memory.since(distribution, int(cursor) if cursor.isdigit() else 0)
    run = VisitorRun.objects.filter(distribution=distribution).order_by("-pk").first()
    answer = {"visits": [told(row) for row in rows], "cursor": cursor}
    if run:
        answer["run"] = {
            "id": run.pk,
            "visitors": run.visitors,
            "sent": run.sent,
            "state": run.state,
            "error": run.error,
        }
    return JsonResponse(answer)
