"""What keys an answer, what goes on to the origin, which stored paths an invalidation names."""

import doctest

import pytest

from apps.cdn import invalidation, key, policies
from apps.cdn.policies import CachePolicy

OPTIMIZED = policies.managed()["658327ea-f89d-4fab-a63d-7e88639e58f6"]
RFC = policies.managed()["9111c0de-9111-4911-8911-000000009111"]
MEDIA = policies.managed()["08627262-05a9-4f76-9ded-b50ca2e3a84f"]
BY_COOKIE = CachePolicy("", "", cookies="whitelist", cookie_names=frozenset({"session"}))
BY_HEADER = CachePolicy("", "", headers=("accept-language",))
ALL_BUT = CachePolicy("", "", query_strings="allExcept", query_string_names=frozenset({"utm"}))


def made(policy, path="/a", query="", headers=(), method="GET"):
    return key.cache_key(policy, method, path, query, list(headers), "http", "D.example:8080")


def test_doctests_hold():
    assert doctest.testmod(key).failed == 0
    assert doctest.testmod(invalidation).failed == 0


@pytest.mark.parametrize(
    ("policy", "one", "other", "same"),
    [
        (OPTIMIZED, {"query": "a=1"}, {"query": "a=2"}, True),
        (OPTIMIZED, {"path": "/a"}, {"path": "/A"}, False),
        (OPTIMIZED, {"headers": [("cookie", "x=1")]}, {}, True),
        (OPTIMIZED, {"headers": [("accept-encoding", "gzip")]}, {}, False),
        (
            OPTIMIZED,
            {"headers": [("accept-encoding", "gzip, deflate")]},
            {"headers": [("accept-encoding", "gzip")]},
            True,
        ),
        (OPTIMIZED, {"headers": [("accept-encoding", "gzip;q=0")]}, {}, True),
        (MEDIA, {"query": "start=1&x=1"}, {"query": "start=1&x=2"}, True),
        (MEDIA, {"query": "start=1"}, {"query": "start=2"}, False),
        (MEDIA, {"headers": [("origin", "a")]}, {"headers": [("origin", "b")]}, False),
        (ALL_BUT, {"query": "a=1&utm=x"}, {"query": "a=1&utm=y"}, True),
        (ALL_BUT, {"query": "a=1"}, {"query": "a=2"}, False),
        (BY_COOKIE, {"headers": [("cookie", "session=1; ad=2")]}, {"headers": [("cookie", "ad=3; session=1")]}, True),
        (BY_COOKIE, {"headers": [("cookie", "session=1")]}, {"headers": [("cookie", "session=2")]}, False),
        (BY_HEADER, {"headers": [("accept-language", "en")]}, {"headers": [("accept-language", "de")]}, False),
        (BY_HEADER, {"headers": [("user-agent", "a")]}, {"headers": [("user-agent", "b")]}, True),
        (RFC, {"query": "a=1"}, {"query": "a=2"}, False),
        (RFC, {"headers": [("cookie", "a")]}, {}, True),
        (OPTIMIZED, {"method": "HEAD"}, {"method": "GET"}, True),
        (OPTIMIZED, {"method": "OPTIONS"}, {"method": "GET"}, False),
    ],
)
def test_requests_share_a_key_or_not(policy, one, other, same):
    assert (made(policy, **one) == made(policy, **other)) is same


def test_the_rfc_key_is_scheme_host_path_and_whole_query():
    assert made(RFC, "/p", "q=1") == "http://d.example/p?q=1"


def test_only_what_is_in_the_key_reaches_the_origin():
    viewer = [
        ("host", "d.example"),
        ("cookie", "session=1; ad=2"),
        ("accept-language", "en"),
        ("authorization", "secret"),
        ("if-none-match", '"x"'),
        ("user-agent", "curl"),
    ]

    assert key.forwarded(OPTIMIZED, "GET", viewer) == []
    assert key.forwarded(BY_COOKIE, "GET", viewer) == [("cookie", "session=1")]
    assert key.forwarded(BY_HEADER, "GET", viewer) == [("accept-language", "en")]


def test_the_rfc_policy_sends_everything_on_but_what_is_of_one_connection():
    viewer = [
        ("host", "d.example"),
        ("connection", "close, x-mine"),
        ("x-mine", "1"),
        ("te", "trailers"),
        ("cookie", "a=1"),
        ("if-none-match", '"x"'),
        ("authorization", "secret"),
    ]

    assert key.forwarded(RFC, "GET", viewer) == [("cookie", "a=1"), ("authorization", "secret")]


def test_the_older_form_of_a_policy_means_the_same():
    behavior = {
        "ForwardedValues": {
            "QueryString": True,
            "QueryStringCacheKeys": {"Quantity": 1, "Items": ["page"]},
            "Cookies": {"Forward": "whitelist", "WhitelistedNames": {"Quantity": 1, "Items": ["session"]}},
            "Headers": {"Quantity": 1, "Items": ["Accept-Language"]},
        },
        "MinTTL": 5,
    }

    policy = policies.legacy(behavior)

    assert (policy.min_ttl, policy.default_ttl, policy.max_ttl) == (5, 86_400, 31_536_000)
    assert policy.query_string_names == {"page"} and policy.query_strings == "whitelist"
    assert policy.headers == ("accept-language",)
    assert policy.cookie_names == {"session"}


def test_forwarding_all_headers_turns_caching_off():
    policy = policies.legacy({"ForwardedValues": {"QueryString": False, "Headers": {"Quantity": 1, "Items": ["*"]}}})

    assert policy.max_ttl == 0
    assert key.forwarded(policy, "GET", [("x-any", "1")]) == [("x-any", "1")]


@pytest.mark.parametrize(
    ("paths", "path", "query", "gone"),
    [
        (["/a.jpg"], "/a.jpg", "", True),
        (["/a.jpg"], "/a.jpg", "v=1", True),  # every query string of the path
        (["/a.jpg?v=1"], "/a.jpg", "v=1", True),
        (["/a.jpg?v=1"], "/a.jpg", "v=2", False),
        (["/a.jpg"], "/A.jpg", "", False),
        (["/*"], "/any/thing", "x=1", True),
        (["/a/*"], "/a/b/c", "", True),
        (["/a/*"], "/ab", "", False),
        (["/a*"], "/ab", "", True),
        (["/%41.jpg"], "/A.jpg", "", True),
        (["/ä.jpg"], "/%C3%A4.jpg", "", True),
        (["/a b.jpg"], "/a%20b.jpg", "", True),
        (["/a.jpg", "/b*"], "/b/x", "", True),
        (["/a"], "/a/b", "", False),
    ],
)
def test_which_answers_an_invalidation_names(paths, path, query, gone):
    assert bool(invalidation.matcher(paths)(path, query)) is gone
