"""The map's arithmetic, run by a browser: there and back, against a second implementation's figures."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# d3-geo 3.1.2: geoEqualEarth().scale(1000 / (2 * 2.7066297)).translate([500, 250])([longitude, latitude])
KNOWN = [
    ((0, 0), (500.0, 250.0)),
    ((51.5, -0.12), (499.73, 71.74)),
    ((34.05, -118.24), (198.80, 126.60)),
    ((-33.87, 151.21), (885.55, 372.79)),
    ((90, 0), (500.0, 6.64)),
]
PLACES = [(0, 0), (51.5, -0.1), (-33.9, 151.2), (71.2, 179.5), (-54.8, -68.3), (35.7, 139.7), (-80, -170), (89, 10)]


@pytest.fixture(scope="module")
def page(stack):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.goto(stack.console_url + "/sign-in")
        yield page
        browser.close()


def run(page, body, argument):
    return page.evaluate(f"async (given) => {{ const p = await import('/static/js/projection.js'); {body} }}", argument)


def test_places_fall_where_they_should(page):
    found = run(page, "return given.map(([lat, lon]) => p.project(lat, lon));", [place for place, _at in KNOWN])

    for (place, at), point in zip(KNOWN, found, strict=True):
        assert point == pytest.approx(at, abs=0.01), place


def test_a_click_on_a_place_is_that_place(page):
    found = run(page, "return given.map(([lat, lon]) => p.unproject(...p.project(lat, lon)));", PLACES)

    for (latitude, longitude), back in zip(PLACES, found, strict=True):
        assert back["latitude"] == pytest.approx(latitude, abs=1e-6)
        assert back["longitude"] == pytest.approx(longitude, abs=1e-6)


def test_a_click_beside_the_globe_is_nowhere(page):
    assert run(page, "return given.map(([x, y]) => p.unproject(x, y));", [[2, 20], [999, 480], [500, -5]]) == [None] * 3


def test_the_way_over_the_pacific_leaves_at_one_side_and_comes_back_at_the_other(page):
    tokyo, los_angeles = {"latitude": 35.7, "longitude": 139.7}, {"latitude": 34.05, "longitude": -118.24}
    london = {"latitude": 51.5, "longitude": -0.1}

    over, straight, none = run(
        page,
        "return given.map(([a, b]) => p.greatCircle(a, b));",
        [[tokyo, los_angeles], [london, los_angeles], [london, london]],
    )

    assert over.count("M") == 2
    assert straight.count("M") == 1
    assert none == ""
