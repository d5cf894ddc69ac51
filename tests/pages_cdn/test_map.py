"""The map page: visitors by hand and by the hundred, what the page is told of them, and who may not look."""

import time

import pytest

from apps.cdn import map_views

JSON = {"Accept": "application/json"}


def visit(browser, site, location="London", path="/", **headers):
    fields = {"distribution": site.distribution_id, "path": path, "location": location}
    return browser.post("/map/visit", fields, headers=headers or JSON)


def news(browser, site, after=0):
    return browser.get("/map/visits", {"distribution": site.distribution_id, "after": after}).json()


def test_a_visit_appears_with_its_reasons_and_distances(site, owner):
    first, second = visit(owner, site).json(), visit(owner, site).json()

    seen = news(owner, site)["visits"]
    assert [(one["pop"], one["result"]) for one in seen] == [("LHR", "Miss"), ("LHR", "Hit")]
    assert [one["request_id"] for one in seen] == [first["request_id"], second["request_id"]]
    assert seen[0]["origin"]["region"] == "us-west-1"
    assert 8000 < seen[0]["origin"]["visitor_km"] < 9000
    assert seen[0]["why_edge"].startswith("LHR (London)")
    assert {leg["name"] for leg in seen[0]["legs"]} == {"net", "edge", "origin"}
    assert {leg["name"] for leg in seen[1]["legs"]} == {"net", "edge"}
    assert seen[1]["ttfb_ms"] < seen[1]["direct_ms"]


def test_the_cursor_brings_each_visit_once(site, owner):
    visit(owner, site)
    first = news(owner, site)
    visit(owner, site, "Tokyo")

    second = news(owner, site, first["cursor"])
    third = news(owner, site, second["cursor"])

    assert [one["pop"] for one in second["visits"]] == ["NRT"]
    assert third["visits"] == [] and "total" not in third


def test_a_visitor_may_come_from_any_point_of_the_earth(site, owner):
    answer = visit(owner, site, "-75.10,12.30").json()

    assert answer["pop"] == "CPT"


@pytest.mark.parametrize("place", ["Nowhereville", "91,0", "0,181", "\x00"])
def test_a_visitor_from_nowhere_is_refused_at_the_field(site, owner, place):
    answer = visit(owner, site, place)

    assert answer.status_code == 422
    assert answer.json()["field"] == "location"
    assert answer.json()["message"]


def test_a_plain_form_comes_back_to_the_page_with_what_was_wrong(site, owner):
    good = visit(owner, site, "London", "/index.html", Accept="text/html")
    bad = visit(owner, site, "Nowhereville", "/index.html", Accept="text/html")

    assert "path=%2Findex.html" in good.headers["Location"] and "city=London" in good.headers["Location"]
    page = owner.get(bad.headers["Location"]).content.decode()
    assert "No city is called" in page


def test_many_visitors_are_sent_by_a_worker_and_counted(site, owner):
    answer = owner.post("/map/send", {"distribution": site.distribution_id, "visitors": "60"}, headers=JSON)
    run = answer.json()["run"]

    for _ in range(150):
        told = news(owner, site)
        if told["run"]["state"] == "done":
            break
        time.sleep(0.2)

    assert (told["run"]["pk"], told["run"]["sent"]) == (run, 60)
    total, edges = map_views.figures(site)
    assert total["visitors"] == 60 == sum(edge["visitors"] for edge in edges)
    assert edges == sorted(edges, key=lambda edge: (-edge["visitors"], edge["pop"]))
    table = owner.get("/map/", {"distribution": site.distribution_id, "tab": "edges"}).content.decode()
    assert edges[0]["city"] in table


@pytest.mark.parametrize("count", ["0", "-5", "10001", "many", "", "9" * 30])
def test_a_number_of_visitors_that_is_none_is_refused(site, owner, count):
    answer = owner.post("/map/send", {"distribution": site.distribution_id, "visitors": count}, headers=JSON)

    assert answer.status_code == 422
    assert answer.json()["field"] == "visitors"


@pytest.mark.parametrize("tab", ["map", "table", "edges", "nonsense"])
def test_every_tab_is_a_page(site, owner, tab):
    visit(owner, site)

    answer = owner.get("/map/", {"distribution": site.distribution_id, "tab": tab})

    assert answer.status_code == 200
    assert "London" in answer.content.decode()


def test_a_lab_without_distributions_is_told_what_they_are_for(owner):
    assert "No distribution yet" in owner.get("/map/").content.decode()


def test_another_labs_distribution_can_be_neither_seen_nor_visited(site, other):
    values = {"distribution": site.distribution_id}

    assert other.get("/map/", values).status_code == 404
    assert other.get("/map/visits", values).status_code == 404
    assert visit(other, site).status_code == 404
    assert other.post("/map/send", {**values, "visitors": 5}).status_code == 404
    assert site.visits.count() == 0


@pytest.mark.parametrize("cursor", ["-1", "abc", "9" * 40, ""])
def test_a_cursor_that_is_none_starts_anew(site, owner, cursor):
    visit(owner, site)

    assert len(news(owner, site, cursor)["visits"]) == 1
