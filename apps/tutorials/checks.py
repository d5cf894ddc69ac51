"""What each step wants to see in a lab. A check reads the lab's real state and says what is missing.

A check takes (account, numbers) and returns "" when the step is done, else one sentence to the
student: what is there already, what is not, what to do next. It changes nothing.
"""

from apps.buckets.models import Bucket, Object
from apps.cdn import geo
from apps.cdn.models import Distribution, Invalidation, Visit, VisitorRun
from apps.functions.models import Function, Invocation
from apps.observability import journal
from apps.tutorials import pictures

CHECKS = {}
DONE = ""
CROWD = 500
NEAR_KM = 300  # a click on the map counts for the city within this distance


def check(name):
    """Register a check under the name that the content uses."""

    def keep(function):
        CHECKS[name] = function
        return function

    return keep


def refresh():
    """Bring in what the journal still holds, so that a visit of a second ago counts."""
    journal.ingest()


def _bucket(account, lab):
    return Bucket.objects.filter(account=account, name=lab.bucket).first()


def _objects(bucket):
    return Object.objects.filter(bucket=bucket, is_latest=True)


def _function(account, lab):
    return Function.objects.filter(account=account, name=lab.function).order_by("pk").first()


def _listed(words):
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


@check("bucket")
def bucket(account, lab):
    if _bucket(account, lab):
        return DONE
    others = Bucket.objects.filter(account=account).values_list("name", flat=True)[:3]
    if others:
        return f"Your lab has {_listed(others)}, but no bucket called {lab.bucket}."
    return f"Your lab has no bucket called {lab.bucket} yet."


@check("site")
def site(account, lab):
    home = _bucket(account, lab)
    if home is None:
        return f"The bucket {lab.bucket} is gone. Create it again."
    wanted = ("index.html", "style.css", "photo.jpg")
    sizes = dict(_objects(home).filter(key__in=wanted).values_list("key", "size_bytes"))
    missing = [key for key in wanted if key not in sizes]
    if missing:
        return _misplaced(home, missing) or f"Still missing in {lab.bucket}: {_listed(missing)}."
    empty = [key for key, size in sizes.items() if not size]
    if empty:
        return f"{_listed(empty)} has no content: 0 bytes. Upload it again."
    page = _objects(home).get(key="index.html")
    if not page.content_type.startswith("text/html"):
        return f"index.html was stored as {page.content_type}; a browser would download it. Upload it as text/html."
    return DONE


def _misplaced(home, missing):
    """Say when a file was put into a folder instead of the top of the bucket."""
    for key in missing:
        found = _objects(home).filter(key__endswith=f"/{key}").values_list("key", flat=True).first()
        if found:
            return f"There is {found}, but the site needs {key} at the top of the bucket, without a folder."
    return ""


@check("function")
def function(account, lab):
    found = _function(account, lab)
    if found is None:
        others = Function.objects.filter(account=account).values_list("name", flat=True)[:3]
        hint = f" Your lab has {_listed(others)}." if others else ""
        return f"Your lab has no function called {lab.function} yet.{hint}"
    home = _bucket(account, lab)
    if home and found.region != home.region:
        return (
            f"{lab.function} is in {found.region}, the bucket in {home.region}. Create the function in {home.region}."
        )
    if not found.runtime.startswith("python"):
        return f"{lab.function} runs {found.runtime}; this code needs a Python runtime."
    return DONE


@check("tested")
def tested(account, lab):
    runs = Invocation.objects.filter(account=account, function_name=lab.function, source="lambda:Invoke")
    last = runs.order_by("-pk").first()
    if last is None:
        return f"{lab.function} has not been tested yet."
    if runs.filter(state=Invocation.State.SUCCEEDED, function_error="").exists():
        return DONE
    if last.state in (Invocation.State.QUEUED, Invocation.State.RUNNING):
        return "The test is running."
    return f"The last test ended with {last.error_type or 'an error'}. Its log says where."


@check("event")
def event(account, lab):
    home, target = _bucket(account, lab), _function(account, lab)
    if home is None or target is None:
        return f"This needs the bucket {lab.bucket} and the function {lab.function}; one of them is gone."
    connections = (home.notification or {}).get("LambdaFunctionConfigurations", [])
    mine = [c for c in connections if c["LambdaFunctionArn"].split(":")[6:7] == [lab.function]]
    if not mine:
        return f"{lab.bucket} tells nobody about new objects yet: connect it to {lab.function}."
    created = [c for c in mine if any(e.startswith("s3:ObjectCreated:") for e in c["Events"])]
    if not created:
        return f"{lab.bucket} calls {lab.function}, but not for created objects: choose s3:ObjectCreated:*."
    prefixes = {_prefix(connection) for connection in created}
    if "photos/" in prefixes:
        return DONE
    if "" in prefixes:
        return "There is no prefix, so each thumbnail would start the function again. Set the prefix photos/."
    return f"The prefix is {_listed(sorted(prefixes))}; it must be photos/."


def _prefix(connection):
    rules = connection.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return next((rule["Value"] for rule in rules if rule["Name"].lower() == "prefix"), "")


@check("thumbnail")
def thumbnail(account, lab):
    home = _bucket(account, lab)
    if home is None:
        return f"The bucket {lab.bucket} is gone. Create it again."
    photos = _objects(home).filter(key__startswith="photos/", size_bytes__gt=0)
    if not photos.exists():
        return "No photo is in photos/ yet."
    thumbs = list(_objects(home).filter(key__startswith="thumbs/", size_bytes__gt=0).order_by("-pk")[:20])
    if not thumbs:
        return _why_no_thumbnail(account, lab)
    sizes = [pictures.jpeg_size(pictures.beginning(thumb)) for thumb in thumbs]
    if any(max(size) == lab.width_px for size in sizes if size):
        return DONE
    real = next((size for size in sizes if size), None)
    if real is None:
        return f"{thumbs[0].key} is not a JPEG picture."
    return f"{thumbs[0].key} is {real[0]} x {real[1]} pixels; your lab's longest side is {lab.width_px}."


def _why_no_thumbnail(account, lab):
    runs = Invocation.objects.filter(account=account, function_name=lab.function, source__startswith="s3:")
    last = runs.order_by("-pk").first()
    if last is None:
        return (
            f"The photo is there, but it did not start {lab.function}. Was it uploaded before the event was connected?"
        )
    if last.state in (Invocation.State.QUEUED, Invocation.State.RUNNING):
        return f"The photo started {lab.function}; it is at work."
    if last.function_error:
        return (
            f"The photo started {lab.function}, which ended with {last.error_type or 'an error'}. Its log says where."
        )
    return f"{lab.function} ran for the photo, but wrote nothing to thumbs/. Compare its code with the step before."


def distribution_over(account, bucket_name):
    """Return the lab's newest enabled distribution over a bucket, else its newest over it, else None."""
    found = [d for d in Distribution.objects.of(account).order_by("-pk") if bucket_name in _origin_buckets(d)]
    return next((d for d in found if d.enabled), found[0] if found else None)


def _origin_buckets(found):
    return [origin["DomainName"].split(".s3")[0] for origin in found.config["Origins"]["Items"]]


@check("distribution")
def distribution(account, lab):
    found = distribution_over(account, lab.bucket)
    if found is None:
        return f"No distribution has {lab.bucket} as its origin yet."
    if not found.enabled:
        return f"The distribution {found.distribution_id} is disabled."
    home = _bucket(account, lab)
    if home is None:
        return f"The bucket {lab.bucket} is gone. Create it again."
    if found.arn not in str(home.policy or ""):
        return f"{found.distribution_id} may not read {lab.bucket} yet: the bucket's policy does not name it."
    if found.status != Distribution.Status.DEPLOYED:
        return "The distribution is on its way to the edges."
    return DONE


def _visits(account, lab, city):
    """Return the visits of the lab's distribution that came from near a city, oldest first."""
    found = distribution_over(account, lab.bucket)
    if found is None:
        return []
    place = geo.resolve(city)
    rows = Visit.objects.filter(distribution=found).order_by("-pk")[:2000]
    return [v for v in reversed(rows) if geo.distance_km(place, v) <= NEAR_KM]


def london_pair(account, lab):
    """Return the first two good visits near London to one path, the second answered from the cache; or None."""
    first = {}
    for visit in _visits(account, lab, "London"):
        if visit.status != 200:
            continue
        if visit.path in first and visit.result in ("Hit", "RefreshHit"):
            return first[visit.path], visit
        first.setdefault(visit.path, visit)
    return None


@check("london")
def london(account, lab):
    if london_pair(account, lab):
        return DONE
    visits = _visits(account, lab, "London")
    if not visits:
        return "Nobody from London has come yet."
    last = visits[-1]
    if last.status != 200:
        return f"The last visitor from London got {last.status} for {last.path}. {last.reason}"
    if len(visits) == 1:
        return f"One visitor from London came for {last.path}. Now the second, for the same path."
    if last.path not in [visit.path for visit in visits[:-1]]:
        return f"The visitors asked for different paths. Ask for {last.path} once more."
    return f"The last visitor's answer was not kept: {last.reason}"


@check("far")
def far(account, lab):
    visits = _visits(account, lab, lab.far_city)
    if any(visit.status == 200 for visit in visits):
        return DONE
    if visits:
        return f"The visitor from {lab.far_city} got {visits[-1].status} for {visits[-1].path}. {visits[-1].reason}"
    return f"Nobody from {lab.far_city} has come yet."


@check("invalidate")
def invalidate(account, lab):
    found = distribution_over(account, lab.bucket)
    if found is None:
        return f"No distribution has {lab.bucket} as its origin any more."
    last = Invalidation.objects.filter(distribution=found).order_by("-pk").first()
    if last is None:
        return "No edge was told to forget anything yet."
    done = Invalidation.objects.filter(distribution=found, status=Invalidation.Status.COMPLETED)
    if not done.exists():
        return "The invalidation is on its way to the edges."
    since = done.order_by("pk").first().completed_at
    after = [v for v in _visits(account, lab, "London") if v.at >= since and v.status == 200]
    if any(visit.result == "Miss" for visit in after):
        return DONE
    if after:
        return f"A visitor from London came, but {after[-1].path} was still kept: {last.paths} does not cover it."
    return "The edges have forgotten. Now send a visitor from London again."


@check("crowd")
def crowd(account, lab):
    found = distribution_over(account, lab.bucket)
    runs = VisitorRun.objects.filter(distribution=found) if found else VisitorRun.objects.none()
    sent = sum(runs.values_list("sent", flat=True))
    if sent >= CROWD:
        return DONE
    failed = runs.filter(state=VisitorRun.State.FAILED).first()
    if failed and not sent:
        return f"The visitors could not be sent: {failed.error}"
    return f"{sent} of {CROWD} visitors have come." if sent else "The crowd has not come yet."
