"""May an answer be stored, how long is it fresh, may it be used now: RFC 9111 and CloudFront's rules.

Words: an answer's *lifetime* is how many seconds it may be served without asking the origin; its
*age* is how long ago the origin made it; it is *fresh* while age < lifetime, then *stale*, and a
stale answer with a *validator* (ETag, Last-Modified) can be *revalidated* instead of fetched again.
Every decision carries its reason in words, because a student will ask.
Pure: `now` is an argument, in seconds since 1970. Headers are [(lower-case name, value)].
Next: key.py says what an answer is filed under, cache.py keeps it, edge.py acts.
"""

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from apps.cdn import targeted
from apps.cdn.key import header

# RFC 9110 section 15.1: statuses whose answers may be stored without explicit freshness.
HEURISTIC = frozenset((200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501))
UNDERSTOOD = HEURISTIC | {302, 303, 307, 400, 401, 403, 406, 409, 412, 415, 421, 422, 429, 500, 502, 503, 504}
# CloudFront always caches these errors for a while ("How CloudFront processes HTTP 4xx and 5xx status codes").
ERRORS_CACHED = frozenset((400, 403, 404, 405, 410, 414, 500, 501, 502, 503, 504))
ERRORS_OBEYING_ORIGIN = frozenset((404, 410, 414, 501))  # no-store, no-cache and private are obeyed for these only
ERROR_TTL = 10  # seconds, CloudFront's default error caching minimum TTL
HEURISTIC_FRACTION = 0.1  # of the time since Last-Modified (RFC 9111 section 4.2.2)
HEURISTIC_LIMIT = 7 * 86_400
FOREVER = 2**31  # what a number too big to hold counts as (RFC 9111 section 1.2.2)
DIRECTIVE = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?\s*(?:,|$)')
# RFC 9110 section 5.6.7: the date of today and the two obsolete ones. Python's own parser takes far more.
HTTP_DATE = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun), \d\d [a-z]{3} \d{4} \d\d:\d\d:\d\d gmt"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day, \d\d-[a-z]{3}-\d\d \d\d:\d\d:\d\d gmt"
    r"|(?:mon|tue|wed|thu|fri|sat|sun) [a-z]{3} [ \d]\d \d\d:\d\d:\d\d \d{4}",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Assessment:
    """What may be done with an answer, decided when it arrives.

    store: may be kept. lifetime: seconds. because: the reason, in words. always_ask: must be
    revalidated before each use (no-cache). must_revalidate: never served stale. swr, sie: seconds
    past the lifetime in which a stale answer may be served while revalidating, or if the origin fails.
    """

    store: bool
    lifetime: float = 0.0
    because: str = ""
    always_ask: bool = False
    must_revalidate: bool = False
    swr: float = 0.0
    sie: float = 0.0


def directives(value):
    """Return Cache-Control's directives: lower-case name -> argument or None; the first of a name counts.

    >>> directives('max-age=60, no-cache="set-cookie", Public')
    {'max-age': '60', 'no-cache': 'set-cookie', 'public': None}
    """
    found = {}
    at = 0
    while value and at < len(value):
        match = DIRECTIVE.match(value, at)
        if not match:
            comma = value.find(",", at)
            if comma < 0:
                break
            at = comma + 1
            continue
        name, quoted, token = match.groups()
        found.setdefault(name.lower(), quoted if quoted is not None else token)
        at = match.end()
    return found


def seconds(text):
    """Return a delta-seconds argument; nonsense is 0, so that what we cannot read is stale."""
    if text is None or not text.isascii() or not text.isdigit():
        return 0
    return min(int(text[:12]), FOREVER)


def date(text):
    """Return an HTTP date as seconds since 1970, or None when it is no HTTP date."""
    if not text or not HTTP_DATE.fullmatch(text):
        return None
    try:
        when = parsedate_to_datetime(re.sub("gmt$", "GMT", text, flags=re.IGNORECASE))
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def initial_age(headers, real_now, waited=0.0):
    """Return the age of an answer at the moment it arrives (RFC 9111 section 4.2.3).

    real_now: the machine's clock, which the origin's Date goes by. waited: seconds the request took.
    """
    made = date(header(headers, "date"))
    apparent = max(0.0, real_now - made) if made is not None else 0.0
    first = (header(headers, "age") or "0").split(",")[0].strip()
    return max(apparent, seconds(first) + waited)


def has_validator(headers):
    return header(headers, "etag") is not None or header(headers, "last-modified") is not None


def assess(policy, method, request_headers, status, headers, real_now, error_ttl=ERROR_TTL):
    """Decide about an answer that just arrived. error_ttl: seconds CloudFront keeps this error."""
    cc = directives(header(headers, "cache-control"))
    if method not in ("GET", "HEAD", "OPTIONS"):
        return Assessment(False, because=f"answers to {method} are never cached")
    if status == 206:
        return Assessment(False, because="only whole answers are stored, and this is a part (206)")
    if policy.rfc9111:
        aimed = targeted.directives(header(headers, "cdn-cache-control"))
        if aimed is not None:  # then Cache-Control and Expires are for others
            headers = [(name, value) for name, value in headers if name != "expires"]
        return _by_rfc(cc if aimed is None else aimed, request_headers, status, headers, real_now)
    if status >= 400:
        return _error(cc, status, error_ttl)
    return _by_policy(policy, cc, status, headers, real_now)


def _stale_allowances(cc, swr_default=0.0, sie_default=0.0):
    strict = "must-revalidate" in cc or "proxy-revalidate" in cc
    return {
        "must_revalidate": strict,
        "swr": 0.0
        if strict
        else seconds(cc["stale-while-revalidate"])
        if "stale-while-revalidate" in cc
        else swr_default,
        "sie": 0.0 if strict else seconds(cc["stale-if-error"]) if "stale-if-error" in cc else sie_default,
    }


def explicit_lifetime(cc, headers, real_now):
    """Return (seconds, where it stands) of what the origin said, or (None, "")."""
    for name in ("s-maxage", "max-age"):
        if name in cc:
            return seconds(cc[name]), f"Cache-Control: {name}={cc[name]}"
    expires = header(headers, "expires")
    if expires is None:
        return None, ""
    until = date(expires)
    if until is None:
        return 0, f"an Expires that is no date ({expires[:40]!r}) is in the past"
    made = date(header(headers, "date"))
    return max(0.0, until - (real_now if made is None else made)), f"Expires: {expires}"


def _by_policy(policy, cc, status, headers, real_now):
    """CloudFront's table of minimum, default and maximum TTL ("Managing how long content stays in the cache")."""
    refusal = next((name for name in ("no-store", "private", "no-cache") if name in cc), None)
    if policy.max_ttl == 0:
        return Assessment(False, because="the cache policy's maximum TTL is 0: caching is off")
    if refusal and policy.min_ttl == 0:
        if refusal == "no-cache":
            return Assessment(
                True, 0.0, "Cache-Control: no-cache asks to revalidate each time", always_ask=True, must_revalidate=True
            )
        return Assessment(False, because=f"Cache-Control: {refusal} from the origin")
    # CloudFront goes on serving a stale answer while its origin fails, unless told otherwise.
    allowances = _stale_allowances(cc, sie_default=float(FOREVER))
    if refusal:
        because = f"the policy's minimum TTL of {policy.min_ttl} s is stronger than Cache-Control: {refusal}"
        return Assessment(True, policy.min_ttl, because, **allowances)
    said, where = explicit_lifetime(cc, headers, real_now)
    if said is None:
        if status in (302, 303, 307):
            return Assessment(False, because=f"a {status} without Cache-Control or Expires is not cached")
        lifetime = max(policy.default_ttl, policy.min_ttl)
        if lifetime <= 0 and not has_validator(headers):
            return Assessment(False, because="the policy's default TTL is 0 and the answer has no validator")
        because = f"no Cache-Control or Expires from the origin: the policy's default TTL of {lifetime} s"
        return Assessment(True, lifetime, because, **allowances)
    lifetime = min(max(said, policy.min_ttl), max(policy.max_ttl, policy.min_ttl))
    because = where
    if lifetime > said:
        because += f", raised to the policy's minimum TTL of {policy.min_ttl} s"
    elif lifetime < said:
        because += f", cut to the policy's maximum TTL of {policy.max_ttl} s"
    return Assessment(True, lifetime, because, **allowances)


def _error(cc, status, error_ttl):
    """CloudFront's rules for 4xx and 5xx ("Controlling how long CloudFront caches errors")."""
    if status == 416:
        return Assessment(False, because="a 416 is never cached")
    said = next((seconds(cc[name]) for name in ("s-maxage", "max-age") if name in cc), None)
    refusal = next((name for name in ("no-store", "private", "no-cache") if name in cc), None)
    if status not in ERRORS_CACHED and said is None:
        return Assessment(False, because=f"a {status} without Cache-Control: max-age is not cached")
    if refusal and status in ERRORS_OBEYING_ORIGIN:
        return Assessment(False, because=f"Cache-Control: {refusal} from the origin")
    lifetime = max(error_ttl, said or 0)
    if lifetime <= 0:
        return Assessment(False, because=f"the distribution caches a {status} for 0 s")
    return Assessment(True, lifetime, f"an error ({status}) is cached for {lifetime} s", must_revalidate=True)


def _by_rfc(cc, request_headers, status, headers, real_now):
    """RFC 9111 section 3, for a shared cache."""
    asked = directives(header(request_headers, "cache-control"))
    if "no-store" in asked:
        return Assessment(False, because="the visitor said Cache-Control: no-store")
    # Section 5.2.2.3: a cache that understands the status must ignore no-store beside must-understand.
    understood = "must-understand" in cc and status in UNDERSTOOD
    for name in ("no-store", "private"):
        if name in cc and not (name == "no-store" and understood):
            return Assessment(False, because=f"Cache-Control: {name} from the origin")
    if header(request_headers, "authorization") is not None and not cc.keys() & {
        "public",
        "s-maxage",
        "must-revalidate",
    }:
        return Assessment(False, because="the request carried Authorization, and the answer does not say public")
    if (header(headers, "vary") or "").strip() == "*":
        return Assessment(False, because="Vary: * fits no other request")
    if "must-understand" in cc and status not in UNDERSTOOD:
        return Assessment(False, because=f"must-understand, and {status} is not understood")
    allowances = _stale_allowances(cc)
    if "s-maxage" in cc:  # section 5.2.2.10: s-maxage implies proxy-revalidate
        allowances["must_revalidate"] = True
    said, where = explicit_lifetime(cc, headers, real_now)
    ask = "no-cache" in cc
    if ask:
        allowances["must_revalidate"] = True
        return Assessment(
            True, 0.0, "Cache-Control: no-cache asks to revalidate each time", always_ask=True, **allowances
        )
    if said is not None:
        return Assessment(True, said, where, **allowances)
    if status not in HEURISTIC and "public" not in cc:
        return Assessment(False, because=f"a {status} without explicit freshness is not stored")
    lifetime, where = _heuristic(headers, real_now)
    if lifetime <= 0 and not has_validator(headers):
        return Assessment(False, because="no freshness and no validator: nothing to gain by storing it")
    return Assessment(True, lifetime, where, **allowances)


def _heuristic(headers, real_now):
    modified = date(header(headers, "last-modified"))
    if modified is None:
        return 0.0, "no freshness from the origin"
    made = date(header(headers, "date")) or real_now
    lifetime = min(max(0.0, made - modified) * HEURISTIC_FRACTION, HEURISTIC_LIMIT)
    return lifetime, f"no freshness from the origin: a tenth of the time since Last-Modified, {lifetime:.0f} s"


@dataclass(frozen=True, slots=True)
class Use:
    """What to do with a stored answer now.

    how: "serve", "serve-and-refresh" (stale-while-revalidate), "revalidate" or "fetch".
    because: in words, in the visitor's present.
    """

    how: str
    because: str


def use(stored, age, policy, request_headers, validator):
    """Decide whether a stored answer may be served now.

    stored: Assessment. age: seconds. validator: whether it has an ETag or Last-Modified.
    """
    left = stored.lifetime - age
    again = "revalidate" if validator else "fetch"
    if policy.rfc9111:
        refusal = _viewer_refuses(directives(_request_control(request_headers)), age, left, stored)
        if refusal == "":
            return Use("serve", "stale, which the visitor accepts (max-stale)")
        if refusal:
            return Use(again, refusal)
    if stored.always_ask:
        return Use(again, stored.because)
    if left > 0:
        return Use("serve", f"fresh for another {duration(left)} ({stored.because})")
    if stored.swr + left > 0:
        return Use("serve-and-refresh", f"expired {duration(-left)} ago, within stale-while-revalidate")
    ending = "" if validator else "; it has no ETag or Last-Modified to revalidate with"
    return Use(again, f"expired {duration(-left)} ago ({stored.because}){ending}")


def _request_control(headers):
    value = header(headers, "cache-control")
    if value is None and (header(headers, "pragma") or "").lower() == "no-cache":
        return "no-cache"
    return value


def _viewer_refuses(asked, age, left, stored):
    """Return why the visitor's own Cache-Control forbids the stored answer; "" accepts a stale one; None is silent."""
    if "no-cache" in asked:
        return "the visitor said no-cache"
    if "max-age" in asked and age >= seconds(asked["max-age"]):
        return f"the visitor wants nothing older than {seconds(asked['max-age'])} s, and this is {age:.0f} s old"
    if "min-fresh" in asked and left < seconds(asked["min-fresh"]):
        return f"the visitor wants it fresh for another {seconds(asked['min-fresh'])} s"
    if "max-stale" in asked and left <= 0 and not stored.must_revalidate and not stored.always_ask:
        allowed = FOREVER if asked["max-stale"] is None else seconds(asked["max-stale"])
        return "" if -left <= allowed else None
    return None


def usable_after_error(stored, age, disconnected=False):
    """Tell whether a stale answer may be served because the origin fails.

    disconnected: the origin cannot be reached at all, which RFC 9111 section 4.2.4 excuses unless
    the answer forbids it; otherwise stale-if-error (RFC 5861) or CloudFront's own rule decides.
    """
    if stored.must_revalidate or stored.always_ask:
        return False
    return disconnected or age < stored.lifetime + stored.sie


def duration(value):
    """Return seconds as a person says them.

    >>> duration(3), duration(90), duration(7200), duration(172800)
    ('3 s', '90 s', '2 h', '2 days')
    """
    value = max(0.0, value)
    if value < 120:
        return f"{value:.0f} s"
    if value < 7200:
        return f"{value / 60:.0f} min"
    if value < 172_800:
        return f"{value / 3600:.0f} h"
    return f"{value / 86_400:,.0f} days"


def vary_names(headers):
    """Return the request fields that select between answers, lower case, sorted; ("*",) fits nothing."""
    value = header(headers, "vary")
    names = sorted({name.strip().lower() for name in (value or "").split(",") if name.strip()})
    return ("*",) if "*" in names else tuple(names)


def selecting(names, request_headers):
    """Return the values of the selecting fields, normalised in white space (RFC 9111 section 4.1)."""
    values = []
    for name in names:
        value = header(request_headers, name)
        values.append(None if value is None else ",".join(" ".join(part.split()) for part in value.split(",")))
    return tuple(values)


# RFC 9111 section 3.2: a 304 updates what is stored, except what describes the bytes themselves.
NOT_UPDATED = frozenset(["content-length", "content-encoding", "content-type", "content-range", "transfer-encoding"])


def updated(headers, newer):
    """Return stored headers after a 304 that brought newer ones."""
    replaced = {name for name, _value in newer if name not in NOT_UPDATED}
    kept = [(name, value) for name, value in headers if name not in replaced and name != "age"]
    return kept + [(name, value) for name, value in newer if name not in NOT_UPDATED]
