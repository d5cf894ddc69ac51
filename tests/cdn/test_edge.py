"""Visitors at the running edges: hits and misses, and every reason for them."""

import gzip
import os
import signal
import socket
import threading
import time

import pytest

from apps.cdn import visits
from apps.cdn.models import Distribution, EdgeNode
from apps.identity.models import Account
from tests.cdn.conftest import BY_ORIGIN, DISABLED, RFC
from tests.cdn.origins import ask

MINUTE = {"Cache-Control": "max-age=60", "ETag": '"v1"', "Content-Type": "text/plain"}


def test_the_first_visitor_gets_a_miss_and_the_second_a_hit(site, origin, path):
    origin.answers[path] = {"body": b"hello", "headers": MINUTE}
    mine = site()

    first, second = mine.ask(path), mine.ask(path)

    assert (first.status, first.body, first.result, first.pop) == (200, b"hello", "Miss", "LHR")
    assert (second.status, second.body, second.result, second.pop) == (200, b"hello", "Hit", "LHR")
    assert int(second.headers["age"]) <= 2
    assert "first request for this key at LHR" in first.why
    assert second.why.startswith("LHR50-P1; hit; ttl=")
    assert len(first.headers["x-amz-cf-id"]) == 56 and first.headers["x-amz-cf-id"].endswith("==")
    assert first.headers["via"].endswith(".cloudfront.net (CloudFront)")
    for name in ("net;dur=", "edge;dur=", "origin;dur="):
        assert name in second.headers["server-timing"]
    assert len(origin.requests(path)) == 1


def test_each_edge_has_a_cache_of_its_own(site, origin, path):
    origin.answers[path] = {"body": b"hello", "headers": MINUTE}
    mine = site()
    mine.ask(path)

    far = mine.ask(path, visitor="Los Angeles")

    assert (far.pop, far.result) == ("LAX", "Miss")
    assert len(origin.requests(path)) == 2


def test_a_visitor_who_does_not_say_is_in_the_labs_home_city(site, origin, account, path):
    Account.objects.filter(pk=account.model.pk).update(home_city="Tokyo")
    origin.answers[path] = {"body": b"hello", "headers": MINUTE}

    assert site().ask(path, visitor=None).pop == "NRT"


def test_the_query_may_say_where_and_the_origin_does_not_see_it(site, origin, path):
    origin.answers[path] = {"body": b"hello", "headers": MINUTE}

    answer = site(BY_ORIGIN).ask(path + "?a=1&__visitor=S%C3%A3o+Paulo&b=2", visitor=None)

    assert answer.pop == "GRU"
    assert origin.requests(path)[0][1] == path + "?a=1&b=2"
    assert "X-Visitor-Location" not in origin.requests(path)[0][2]


def test_a_visitor_nowhere_on_earth_gets_a_sentence(site, path):
    answer = site().ask(path, visitor="Lodnon")

    assert answer.status == 400
    assert "Did you mean London, GB" in answer.body.decode()


def test_an_expired_answer_is_revalidated(site, origin, path):
    def conditional(request):
        if request.headers.get("If-None-Match") == '"v1"':
            return {"status": 304, "headers": {"Cache-Control": "max-age=60", "ETag": '"v1"'}}
        return {"body": b"hello", "headers": {"Cache-Control": "max-age=1", "ETag": '"v1"'}}

    origin.answers[path] = conditional
    mine = site(BY_ORIGIN)
    mine.ask(path)
    time.sleep(2.1)

    refreshed, again = mine.ask(path), mine.ask(path)

    assert (refreshed.status, refreshed.body, refreshed.result) == (200, b"hello", "RefreshHit")
    assert "expired" in refreshed.why and "304" in refreshed.why
    assert again.result == "Hit"


def test_no_store_is_never_stored_and_says_so(site, origin, path):
    origin.answers[path] = {"body": b"secret", "headers": {"Cache-Control": "no-store"}}
    mine = site(BY_ORIGIN)

    answers = [mine.ask(path) for _ in range(3)]

    assert [answer.result for answer in answers] == ["Miss"] * 3
    assert "Cache-Control: no-store" in answers[1].why
    assert len(origin.requests(path)) == 3


def test_caching_disabled_passes_everything_on(site, origin, path):
    origin.answers[path] = {"body": b"now", "headers": MINUTE}
    mine = site(DISABLED)

    assert [mine.ask(path).result for _ in range(2)] == ["Miss", "Miss"]


def test_vary_keeps_answers_apart_under_the_rfc_policy(site, origin, path):
    def speak(request):
        language = request.headers.get("Accept-Language", "-")
        return {"body": language.encode(), "headers": {**MINUTE, "Vary": "Accept-Language"}}

    origin.answers[path] = speak
    mine = site(RFC)

    english, german = mine.ask(path, accept_language="en"), mine.ask(path, accept_language="de")
    again = mine.ask(path, accept_language="en")

    assert (english.body, german.body, again.body) == (b"en", b"de", b"en")
    assert (english.result, german.result, again.result) == ("Miss", "Miss", "Hit")
    assert "Vary" in german.why


def test_an_invalidation_empties_every_edge_and_the_next_miss_names_it(site, origin, path):
    origin.answers[path] = {"body": b"hello", "headers": MINUTE}
    mine = site()
    for city in ("London", "Los Angeles"):
        mine.ask(path, visitor=city)

    invalidation = mine.invalidate(path[:-1] + "*")

    for city in ("London", "Los Angeles"):
        answer = mine.ask(path, visitor=city)
        assert answer.result == "Miss"
        assert f"invalidated by {invalidation}" in answer.why


def test_ranges_come_from_a_cached_whole(site, origin, path):
    origin.answers[path] = {"body": bytes(range(256)) * 8192, "headers": MINUTE}  # 2 MiB: kept in a file
    mine = site()

    first = mine.ask(path, range="bytes=10-19")
    middle, tail = mine.ask(path, range="bytes=256-258"), mine.ask(path, range="bytes=-2")
    outside = mine.ask(path, range="bytes=9999999-")
    whole = mine.ask(path)

    assert (first.status, first.body, first.result) == (206, bytes(range(10, 20)), "Miss")
    assert first.headers["content-range"] == "bytes 10-19/2097152"
    assert (middle.status, middle.body, middle.result) == (206, bytes([0, 1, 2]), "Hit")
    assert tail.body == bytes([254, 255])
    assert outside.status == 416 and outside.headers["content-range"] == "bytes */2097152"
    assert len(whole.body) == 2097152 and whole.result == "Hit"
    assert len(origin.requests(path)) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if_none_match": '"v1"'}, 304),
        ({"if_none_match": 'W/"v1"'}, 304),
        ({"if_none_match": '"other", "v1"'}, 304),
        ({"if_none_match": '"other"'}, 200),
        ({"if_none_match": "*"}, 304),
        ({"if_modified_since": "Tue, 24 Nov 2026 00:00:00 GMT"}, 304),
        ({"if_modified_since": "Tue, 24 Nov 2020 00:00:00 GMT"}, 200),
        ({"if_none_match": '"other"', "if_modified_since": "Tue, 24 Nov 2026 00:00:00 GMT"}, 200),
    ],
)
def test_the_visitors_conditions_are_answered_by_the_edge(site, origin, path, headers, status):
    origin.answers[path] = {"body": b"hello", "headers": {**MINUTE, "Last-Modified": "Mon, 23 Nov 2026 00:00:00 GMT"}}
    mine = site()
    mine.ask(path)

    answer = mine.ask(path, **headers)

    assert (answer.status, answer.result) == (status, "Hit")
    assert answer.body == (b"hello" if status == 200 else b"")


def test_twenty_visitors_at_once_are_one_request_to_the_origin(site, origin, path):
    origin.answers[path] = {"body": b"x" * 100_000, "headers": MINUTE, "delay": 0.5}
    mine, answers = site(), []
    crowd = [threading.Thread(target=lambda: answers.append(mine.ask(path))) for _ in range(20)]

    for visitor in crowd:
        visitor.start()
    for visitor in crowd:
        visitor.join()

    assert [len(answer.body) for answer in answers] == [100_000] * 20
    assert len(origin.requests(path)) == 1
    assert sum("collapsed" in answer.why for answer in answers) >= 15


def test_a_private_answer_is_not_shared_with_those_who_waited(site, origin, path):
    def private(request):
        return {"body": request.headers["Cookie"].encode(), "headers": {"Cache-Control": "private"}, "delay": 0.3}

    origin.answers[path] = private
    mine, answers = site(RFC), {}
    crowd = [
        threading.Thread(target=lambda n=n: answers.update({n: mine.ask(path, cookie=f"user={n}").body}))
        for n in range(5)
    ]

    for visitor in crowd:
        visitor.start()
    for visitor in crowd:
        visitor.join()

    assert answers == {n: f"user={n}".encode() for n in range(5)}


def test_text_is_compressed_for_those_who_take_it(site, origin, path):
    origin.answers[path] = {"body": b"hello " * 2000, "headers": MINUTE}
    mine = site(behavior={"Compress": True})

    first, packed = mine.ask(path, accept_encoding="gzip, br"), mine.ask(path, accept_encoding="br, gzip")
    plain = mine.ask(path)

    assert gzip.decompress(first.body) == gzip.decompress(packed.body) == b"hello " * 2000
    assert (packed.result, packed.headers["content-encoding"], packed.headers["etag"]) == ("Hit", "gzip", 'W/"v1"')
    assert plain.body == b"hello " * 2000 and "content-encoding" not in plain.headers


def test_head_is_answered_from_a_cached_get(site, origin, path):
    origin.answers[path] = {"body": b"hello", "headers": MINUTE}
    mine = site()
    mine.ask(path)

    answer = mine.ask(path, method="HEAD")

    assert (answer.status, answer.result, answer.body, answer.headers["content-length"]) == (200, "Hit", b"", "5")


def test_other_methods_pass_through_with_their_body(site, origin, path):
    origin.answers[path] = lambda request: {"body": request.received + request.command.encode()}
    mine = site()

    answer = mine.ask(path, method="POST", body=b"abc", content_type="text/plain")

    assert (answer.status, answer.body) == (200, b"abcPOST")
    assert origin.requests(path)[0][2]["content-type"] == "text/plain"


def test_a_method_that_the_behavior_does_not_allow_is_403(site, path):
    two = {"Quantity": 2, "Items": ["GET", "HEAD"]}

    answer = site(behavior={"AllowedMethods": {**two, "CachedMethods": two}}).ask(path, method="POST", body=b"x")

    assert answer.status == 403
    assert b"not configured to allow the HTTP request method" in answer.body


def test_cookies_and_query_stay_out_unless_the_policy_wants_them(site, origin, path):
    origin.answers[path] = {"body": b"hello", "headers": {**MINUTE, "Set-Cookie": "a=1"}}
    mine = site()

    first, second = mine.ask(path + "?v=1", cookie="me=1"), mine.ask(path + "?v=2", cookie="me=2")

    assert (first.result, second.result) == ("Miss", "Hit")
    assert "set-cookie" not in first.headers
    method, seen, headers = origin.requests(path)[0]
    assert seen == path and "cookie" not in headers and headers["user-agent"] == "Amazon CloudFront"


def test_an_unknown_host_gets_cloudfronts_403(stack):
    for host in ("e00000000000zz.cloudfront.localhost", "nothing.cloudfront.net", "www.example.com"):
        answer = ask(stack.edge_url, host, "/")
        assert answer.status == 403
        assert answer.headers["x-cache"] == "Error from cloudfront"
        assert b"The request could not be satisfied" in answer.body


def test_every_name_of_a_distribution_leads_to_it(site, origin, account, path):
    origin.answers[path] = {"body": b"hello", "headers": MINUTE}
    alias = f"www{account.account_id}.example.com"
    mine = site(Aliases={"Quantity": 1, "Items": [alias]})
    label = mine.id.lower()

    for host in (mine.domain, mine.id + ".cloudfront.net", f"{label}.cloudfront.localhost.localstack.cloud", alias):
        assert mine.ask(path, host=host).status == 200


def test_a_disabled_distribution_answers_403_and_wakes_again(site, origin, path):
    origin.answers[path] = {"body": b"hello", "headers": MINUTE}
    mine = site()
    assert mine.ask(path).status == 200

    mine.update(Enabled=False)
    assert mine.ask(path).status == 403

    mine.update(Enabled=True)
    assert mine.ask(path).status == 200


def test_behaviors_are_chosen_by_path_in_their_order(site, origin, path):
    origin.answers[path + "/a.txt"] = origin.answers[path + "/b.jpg"] = {"body": b"x", "headers": MINUTE}
    first = {"PathPattern": "*.txt", "TargetOriginId": "own", "ViewerProtocolPolicy": "allow-all"}
    mine = site(CacheBehaviors={"Quantity": 1, "Items": [{**first, "CachePolicyId": DISABLED}]})

    assert [mine.ask(path + "/a.txt").result for _ in range(2)] == ["Miss", "Miss"]
    assert [mine.ask(path + "/b.jpg").result for _ in range(2)] == ["Miss", "Hit"]


def test_the_root_object_answers_for_the_root(site, origin, path):
    origin.answers[path] = {"body": b"home", "headers": MINUTE}

    assert site(DefaultRootObject=path[1:]).ask("/").body == b"home"


def test_a_distribution_has_its_own_page_for_an_error(site, origin, path):
    origin.answers["/sorry.html"] = {"body": b"sorry", "headers": MINUTE}
    rule = {"ErrorCode": 404, "ResponsePagePath": "/sorry.html", "ResponseCode": "200", "ErrorCachingMinTTL": 1}

    answer = site(CustomErrorResponses={"Quantity": 1, "Items": [rule]}).ask(path)

    assert (answer.status, answer.body, answer.result) == (200, b"sorry", "Error")


def test_errors_are_cached_for_ten_seconds(site, origin, path):
    origin.answers[path] = {"status": 500, "body": b"broken"}
    mine = site()

    answers = [mine.ask(path) for _ in range(3)]

    assert [(answer.status, answer.result) for answer in answers] == [(500, "Error")] * 3
    assert len(origin.requests(path)) == 1


def test_a_stale_answer_is_served_while_the_origin_fails(site, origin, path):
    origin.answers[path] = {"body": b"hello", "headers": {"Cache-Control": "max-age=1", "ETag": '"v1"'}}
    mine = site(BY_ORIGIN)
    mine.ask(path)
    time.sleep(2.1)
    origin.answers[path] = {"status": 503}

    answer = mine.ask(path)

    assert (answer.status, answer.body) == (200, b"hello")
    assert "the origin failed (503)" in answer.why


def test_an_answer_that_breaks_off_is_not_stored(site, origin, path):
    origin.answers[path] = {"body": b"x" * 100_000, "headers": MINUTE, "broken": True}
    mine = site()
    with pytest.raises(Exception, match=r"IncompleteRead|bytes read"):
        mine.ask(path)
    origin.answers[path] = {"body": b"whole", "headers": MINUTE}

    answer = mine.ask(path)

    assert (answer.body, answer.result) == (b"whole", "Miss")


def test_an_origin_that_is_not_allowed_is_502_with_the_reason(site, stack, path):
    outside = {
        "Id": "own",
        "DomainName": "127.0.0.1",
        "CustomOriginConfig": {"HTTPPort": 22, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
    }

    answer = site(Origins={"Quantity": 1, "Items": [outside]}).ask(path)

    assert (answer.status, answer.result) == (502, "Error")
    assert "PLAYGROUND_ORIGIN_ALLOW" in answer.why


def test_a_console_is_never_an_origin(site, stack, path):
    port = int(stack.console_url.rpartition(":")[2])
    console = {
        "Id": "own",
        "DomainName": "localhost",
        "CustomOriginConfig": {"HTTPPort": port, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
    }

    assert site(Origins={"Quantity": 1, "Items": [console]}).ask(path).status == 502


def test_moving_the_labs_clock_makes_what_is_stored_stale(site, origin, account, path):
    origin.answers[path] = {"body": b"hello", "headers": {"Cache-Control": "max-age=86400"}}
    mine = site()
    mine.ask(path)
    assert mine.ask(path).result == "Hit"

    Account.objects.filter(pk=account.model.pk).update(clock_offset_seconds=90 * 86_400)
    time.sleep(2.5)  # the edges look at the accounts every two seconds

    answer = mine.ask(path)
    assert answer.result == "Miss"
    assert "expired 89 days ago" in answer.why


def test_every_visit_is_kept_with_its_reason_and_can_be_explained(site, origin, path):
    origin.answers[path] = {"body": b"hello", "headers": MINUTE}
    mine = site()
    answers = [mine.ask(path), mine.ask(path), mine.ask(path, visitor="35.68,139.69")]
    row = Distribution.objects.get(distribution_id=mine.id)

    found, cursor = visits.since(row)

    assert [visit.request_id for visit in found] == [answer.headers["x-amz-cf-id"] for answer in answers]
    assert [(visit.pop, visit.result) for visit in found] == [("LHR", "Miss"), ("LHR", "Hit"), ("NRT", "Miss")]
    assert found[1].ttfb_ms < found[0].ttfb_ms < found[0].direct_ms
    told = visits.explain(found[0])
    assert told["why_edge"].startswith("LHR (London) is 0 km away")
    assert sum(leg["ms"] for leg in told["legs"]) == pytest.approx(found[0].ttfb_ms, abs=0.3)
    assert visits.since(row, cursor) == ([], cursor)


def test_healthz_is_the_edges_own_and_a_distributions_path(site, origin, stack):
    origin.answers["/healthz"] = {"body": b"the site's", "headers": MINUTE}

    assert b'"ok"' in ask(stack.edge_url, "127.0.0.1", "/healthz", visitor=None).body
    assert site().ask("/healthz").body == b"the site's"


def own_origin(domain, port, **more):
    custom = {"HTTPPort": port, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only", **more}
    return {"Quantity": 1, "Items": [{"Id": "own", "DomainName": domain, "CustomOriginConfig": custom}]}


def test_an_origin_that_says_nothing_is_504(site, origin, stack, path):
    origin.answers[path] = {"body": b"late", "delay": 3}

    answer = site(Origins=own_origin("localhost", stack.origin_port, OriginReadTimeout=1)).ask(path)

    assert (answer.status, answer.result) == (504, "Error")
    assert "said nothing for 1 s" in answer.why


def test_an_origin_that_does_not_speak_http_is_502(site, origin, stack, path):
    def rubbish(request):
        request.wfile.write(b"220 mail ready\r\n")
        request.wfile.flush()
        raise ConnectionResetError

    origin.answers[path] = rubbish

    answer = site().ask(path)

    assert answer.status == 502
    assert "did not answer in HTTP" in answer.why


def test_an_origin_with_too_many_fields_is_502(site, origin, path):
    origin.answers[path] = {"body": b"x", "headers": {f"X-{n}": "y" * 8000 for n in range(12)}}

    assert site().ask(path).status == 502


def test_a_loop_of_distributions_ends(site, origin, path):
    first = site()
    name = first.domain.partition(":")[0]
    first.update(Origins=own_origin(name, 80))

    answer = first.ask(path)

    assert answer.status == 403


def test_an_unkeyed_header_cannot_poison_the_cache(site, origin, path):
    origin.answers[path] = lambda request: {
        "body": request.headers.get("X-Forwarded-Host", "none").encode(),
        "headers": MINUTE,
    }
    mine = site()

    assert mine.ask(path, x_forwarded_host="evil.example").body == b"none"
    assert mine.ask(path).body == b"none"


def test_two_bodies_in_one_request_are_not_smuggled(site, stack, path):
    mine = site()
    with socket.create_connection(("127.0.0.1", int(stack.edge_url.rpartition(":")[2]))) as raw:
        raw.sendall(
            f"POST {path} HTTP/1.1\r\nHost: {mine.domain}\r\nContent-Length: 4\r\n"
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n".encode()
        )
        raw.settimeout(5)
        assert raw.recv(100).startswith(b"HTTP/1.1 400")


def test_a_killed_edge_comes_back_empty_and_completes_what_waits(site, origin, path):
    origin.answers[path] = {"body": b"hello", "headers": {"Cache-Control": "max-age=600"}}
    mine = site()
    mine.ask(path)
    assert mine.ask(path).result == "Hit"
    pid = int(EdgeNode.objects.latest("seen_at").name.rpartition("-")[2])

    os.kill(pid, signal.SIGKILL)
    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "while-down"}
    made = mine.client.create_invalidation(DistributionId=mine.id, InvalidationBatch=batch)["Invalidation"]

    mine.client.get_waiter("invalidation_completed").wait(
        DistributionId=mine.id, Id=made["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    assert mine.ask(path).result == "Miss"
