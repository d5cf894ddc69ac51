"""The first page's story: three real visits to real edges."""

import secrets

from tests.pages_cdn.conftest import browser


def play(client, act, word):
    return client.post("/story/visit", {"act": act, "play": word})


def test_london_is_served_from_london_then_from_its_cache_and_los_angeles_from_los_angeles(account):
    client, word = browser(account), secrets.token_hex(5)

    seen = [play(client, act, word).json() for act in (0, 1, 2)]

    assert [(one["pop"], one["result"]) for one in seen] == [("LHR", "Miss"), ("LHR", "Hit"), ("LAX", "Miss")]
    assert seen[1]["headers"]["x-cache"] == "Hit from cloudfront"
    assert seen[1]["headers"]["x-amz-cf-pop"] == "LHR50-P1"
    assert "age" in seen[1]["headers"]
    assert seen[1]["ttfb_ms"] < seen[0]["ttfb_ms"] < seen[0]["direct_ms"]


def test_each_playing_starts_fresh(account):
    client = browser(account)

    first = play(client, 0, secrets.token_hex(5)).json()
    again = play(client, 0, secrets.token_hex(5)).json()

    assert first["result"] == again["result"] == "Miss"


def test_an_act_that_is_not_in_the_story_is_refused(account):
    client = browser(account)

    for act, word in (("3", "abc"), ("x", "abc"), ("0", ""), ("0", "../../etc"), ("0", "a" * 21)):
        assert play(client, act, word).status_code == 400, (act, word)


def test_strangers_are_sent_to_sign_in(client_of_nobody):
    assert client_of_nobody.get("/").headers["Location"].startswith("/sign-in")
    assert client_of_nobody.post("/story/visit", {"act": 0, "play": "a"}).headers["Location"].startswith("/sign-in")


def test_the_page_tells_the_story_in_words_too(account):
    page = browser(account).get("/").content.decode()

    assert "Ana, in London" in page and "Carla, in Los Angeles" in page
    assert "US West (Oregon)" in page or "Oregon" in page
    assert 'href="/tutorials/a-photo-for-the-world/"' in page
