"""May it be stored, how long is it fresh, may it be used now: RFC 9111 and CloudFront, as tables of cases."""

import doctest
from email.utils import formatdate

import pytest

from apps.cdn import freshness, policies

NOW = 1_790_000_000.0
OPTIMIZED, DISABLED, ORIGIN, RFC = (
    policies.managed()[policy_id]
    for policy_id in (
        "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
        "9111c0de-9111-4911-8911-000000009111",
    )
)
ETAG = ("etag", '"v1"')


def ago(seconds):
    return formatdate(NOW - seconds, usegmt=True)


def assess(policy, *headers, status=200, method="GET", request=(), error_ttl=10):
    return freshness.assess(policy, method, list(request), status, list(headers), NOW, error_ttl)


def control(value):
    return ("cache-control", value)


def test_doctests_hold():
    assert doctest.testmod(freshness).failed == 0


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("max-age=60", {"max-age": "60"}),
        ("Max-Age=60, PUBLIC", {"max-age": "60", "public": None}),
        ('max-age="60"', {"max-age": "60"}),
        ("max-age=1, max-age=3600", {"max-age": "1"}),
        ('ext="no-store, max-age=9", max-age=5', {"ext": "no-store, max-age=9", "max-age": "5"}),
        ("max-age=60; public", {}),
        (",, ,no-cache", {"no-cache": None}),
        ("", {}),
        (None, {}),
        ('a="unclosed, max-age=5', {"max-age": "5"}),
    ],
)
def test_directives_are_read_as_the_grammar_has_them(value, found):
    assert freshness.directives(value) == found


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("60", 60), ("-1", 0), ("1.5", 0), ("abc", 0), (None, 0), ("9" * 40, freshness.FOREVER), ("٣", 0)],
)
def test_what_is_no_number_of_seconds_is_stale(text, number):
    assert freshness.seconds(text) == number


@pytest.mark.parametrize(
    ("headers", "lifetime"),
    [
        ([control("max-age=60")], 60),
        ([control("s-maxage=30, max-age=60")], 30),
        ([("expires", ago(-90)), ("date", ago(0))], 90),
        ([("expires", ago(-90)), ("date", ago(10))], 100),
        ([("expires", ago(5)), ("date", ago(0))], 0),
        ([("expires", "0"), ETAG], 0),
        ([("expires", "Thu, 99 Foo 2026 00:00:00 GMT"), ETAG], 0),
        ([control("max-age=60"), ("expires", ago(5))], 60),
        ([control("max-age=nonsense"), ETAG], 0),
        ([("last-modified", ago(1000)), ("date", ago(0))], 100),
        ([("last-modified", ago(10**9)), ("date", ago(0))], freshness.HEURISTIC_LIMIT),
        ([control("max-age=2147483649")], freshness.FOREVER),
    ],
)
def test_lifetime_by_rfc_9111(headers, lifetime):
    found = assess(RFC, *headers)

    assert found.store
    assert found.lifetime == pytest.approx(lifetime)


@pytest.mark.parametrize(
    ("headers", "options"),
    [
        ([control("no-store")], {}),
        ([control("private, max-age=60")], {}),
        ([control("max-age=60"), ("vary", "*")], {}),
        ([control("max-age=60")], {"request": [("authorization", "Basic x")]}),
        ([control("max-age=60")], {"request": [control("no-store")]}),
        ([control("max-age=60")], {"method": "POST"}),
        ([control("max-age=60")], {"status": 206}),
        ([("last-modified", ago(1000))], {"status": 302}),
        ([], {}),
        ([control("must-understand, max-age=60")], {"status": 299}),
    ],
)
def test_what_rfc_9111_forbids_is_not_stored(headers, options):
    found = assess(RFC, *headers, **options)

    assert not found.store
    assert found.because


@pytest.mark.parametrize(
    ("headers", "options"),
    [
        ([control("public, max-age=60")], {"request": [("authorization", "Basic x")]}),
        ([control("s-maxage=60")], {"request": [("authorization", "Basic x")]}),
        ([control("max-age=60")], {"status": 302}),
        ([control("max-age=60")], {"status": 404}),
        ([("last-modified", ago(1000))], {"status": 404}),
        ([control("public"), ("last-modified", ago(1000))], {"status": 299}),
        ([control("no-cache"), ETAG], {}),
        ([ETAG], {}),
    ],
)
def test_what_rfc_9111_allows_is_stored(headers, options):
    assert assess(RFC, *headers, **options).store


@pytest.mark.parametrize(
    ("policy", "headers", "lifetime"),
    [
        (OPTIMIZED, [], 86_400),  # the default TTL, for want of anything from the origin
        (OPTIMIZED, [control("public")], 86_400),
        (OPTIMIZED, [control("max-age=60")], 60),
        (OPTIMIZED, [control("max-age=0")], 1),  # raised to the minimum
        (OPTIMIZED, [control("max-age=99999999")], 31_536_000),  # cut to the maximum
        (OPTIMIZED, [control("no-store")], 1),  # a minimum above 0 beats it: CloudFront's own rule
        (OPTIMIZED, [control("private")], 1),
        (OPTIMIZED, [("expires", ago(-600)), ("date", ago(0))], 600),
        (ORIGIN, [control("s-maxage=5, max-age=60")], 5),
        (ORIGIN, [control("max-age=0"), ETAG], 0),
        (ORIGIN, [control("no-cache"), ETAG], 0),
    ],
)
def test_lifetime_by_a_cache_policy(policy, headers, lifetime):
    found = assess(policy, *headers)

    assert found.store
    assert found.lifetime == lifetime


@pytest.mark.parametrize(
    ("policy", "headers", "status"),
    [
        (DISABLED, [control("max-age=60")], 200),
        (ORIGIN, [control("no-store")], 200),
        (ORIGIN, [control("private")], 200),
        (ORIGIN, [], 200),  # default TTL 0 and nothing to revalidate with
        (OPTIMIZED, [], 302),
        (OPTIMIZED, [], 416),
        (OPTIMIZED, [], 429),
        (OPTIMIZED, [control("no-store")], 404),
    ],
)
def test_what_a_cache_policy_does_not_store(policy, headers, status):
    assert not assess(policy, *headers, status=status).store


@pytest.mark.parametrize(
    ("status", "headers", "error_ttl", "lifetime"),
    [
        (404, [], 10, 10),
        (500, [], 10, 10),
        (503, [control("no-store")], 10, 10),  # for other errors than 404, 410, 414, 501 it is ignored
        (404, [control("max-age=100")], 10, 100),
        (404, [control("max-age=1")], 10, 10),
        (404, [], 300, 300),
        (429, [control("max-age=7")], 10, 10),
    ],
)
def test_errors_are_cached_for_a_while(status, headers, error_ttl, lifetime):
    found = assess(OPTIMIZED, *headers, status=status, error_ttl=error_ttl)

    assert found.store
    assert found.lifetime == lifetime


@pytest.mark.parametrize(
    ("headers", "waited", "age"),
    [
        ([("date", ago(0))], 0, 0),
        ([("date", ago(30))], 0, 30),
        ([("date", ago(-30))], 0, 0),
        ([("date", ago(0)), ("age", "40")], 0, 40),
        ([("date", ago(0)), ("age", "40")], 2, 42),
        ([("date", ago(60)), ("age", "40")], 0, 60),
        ([("age", "nonsense")], 0, 0),
        ([("age", "7, 9")], 0, 7),
        ([], 1.5, 1.5),
    ],
)
def test_age_on_arrival(headers, waited, age):
    assert freshness.initial_age(headers, NOW, waited) == pytest.approx(age)


def stored(lifetime=60, **more):
    return freshness.Assessment(True, lifetime, "max-age", **more)


@pytest.mark.parametrize(
    ("answer", "age", "request_control", "validator", "how"),
    [
        (stored(), 10, None, True, "serve"),
        (stored(), 60, None, True, "revalidate"),
        (stored(), 61, None, False, "fetch"),
        (stored(swr=30), 80, None, True, "serve-and-refresh"),
        (stored(swr=30), 91, None, True, "revalidate"),
        (stored(always_ask=True), 0, None, True, "revalidate"),
        (stored(), 10, "no-cache", True, "revalidate"),
        (stored(), 10, "max-age=5", True, "revalidate"),
        (stored(), 10, "max-age=50", True, "serve"),
        (stored(), 10, "min-fresh=55", True, "revalidate"),
        (stored(), 70, "max-stale", True, "serve"),
        (stored(), 70, "max-stale=5", True, "revalidate"),
        (stored(must_revalidate=True), 70, "max-stale", True, "revalidate"),
    ],
)
def test_use_of_a_stored_answer(answer, age, request_control, validator, how):
    request = [control(request_control)] if request_control else []

    assert freshness.use(answer, age, RFC, request, validator).how == how


def test_cloudfront_ignores_the_visitors_cache_control():
    decision = freshness.use(stored(), 10, OPTIMIZED, [control("no-cache")], True)

    assert decision.how == "serve"


def test_reasons_are_sentences_about_now():
    expired = freshness.use(stored(), 63, OPTIMIZED, [], False)
    fresh = freshness.use(stored(), 10, OPTIMIZED, [], True)

    assert expired.because == "expired 3 s ago (max-age); it has no ETag or Last-Modified to revalidate with"
    assert fresh.because == "fresh for another 50 s (max-age)"


@pytest.mark.parametrize(
    ("answer", "age", "usable"),
    [
        (stored(sie=100), 100, True),
        (stored(sie=100), 161, False),
        (stored(), 61, False),
        (stored(sie=100, must_revalidate=True), 61, False),
    ],
)
def test_stale_if_error(answer, age, usable):
    assert freshness.usable_after_error(answer, age) is usable


def test_cloudfront_serves_stale_while_its_origin_fails_unless_told_not_to():
    silent = assess(OPTIMIZED, control("max-age=60"))
    strict = assess(OPTIMIZED, control("max-age=60, must-revalidate"))

    assert freshness.usable_after_error(silent, 10_000)
    assert not freshness.usable_after_error(strict, 10_000)


@pytest.mark.parametrize(
    ("vary", "first", "second", "same"),
    [
        ("Accept-Language", [("accept-language", "en")], [("accept-language", "en")], True),
        ("Accept-Language", [("accept-language", "en")], [("accept-language", "de")], False),
        ("Accept-Language", [], [], True),
        ("Accept-Language", [], [("accept-language", "")], False),
        ("Accept-Language", [("accept-language", "en,  de")], [("accept-language", "en, de")], True),
        ("A, B", [("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")], True),
    ],
)
def test_vary_selects_by_the_named_fields(vary, first, second, same):
    names = freshness.vary_names([("vary", vary)])

    assert (freshness.selecting(names, first) == freshness.selecting(names, second)) is same


def test_a_304_updates_what_is_stored_but_not_what_describes_the_bytes():
    old = [("etag", '"a"'), ("cache-control", "max-age=1"), ("content-type", "text/plain"), ("content-length", "3")]
    newer = [("cache-control", "max-age=60"), ("content-length", "0"), ("content-type", "x/y"), ("x-new", "1")]

    found = dict(freshness.updated(old, newer))

    assert found == {
        "etag": '"a"',
        "cache-control": "max-age=60",
        "content-type": "text/plain",
        "content-length": "3",
        "x-new": "1",
    }
