"""Where visitors are, which edge is nearest, and how long an answer takes to begin."""

import doctest

import pytest

from apps.cdn import geo, latency


def test_doctests_hold():
    assert doctest.testmod(geo).failed == 0
    assert doctest.testmod(latency).failed == 0


def test_there_are_at_least_ninety_edge_cities_with_known_price_regions():
    edges = geo.edges().values()

    assert len(edges) >= 90
    assert {edge.price_region for edge in edges} == {"US", "EU", "ZA", "SA", "JP", "AU", "AP", "IN"}


@pytest.mark.parametrize(
    ("said", "pop"),
    [
        ("London", "LHR"),
        ("london, gb", "LHR"),
        ("London, United Kingdom", "LHR"),
        ("LHR", "LHR"),
        ("51.5,-0.1", "LHR"),
        (" 51.5 , -0.1 ", "LHR"),
        ("Los Angeles", "LAX"),
        ("New York", "JFK"),
        ("New York City, US", "JFK"),
        ("São Paulo", "GRU"),
        ("sao paulo", "GRU"),
        ("Tokyo", "NRT"),
        ("Sydney", "SYD"),
        ("Johannesburg", "JNB"),
        ("Mumbai", "BOM"),
        ("Frankfurt am Main", "FRA"),
        ("Reykjavik", "DUB"),
        ("0,0", "LOS"),
        ("-89,10", "MEL"),
    ],
)
def test_the_nearest_edge(said, pop):
    ranked = geo.nearest(geo.resolve(said))

    assert ranked[0][0].pop == pop


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [("London", "Los Angeles", 8756), ("London", "New York", 5570), ("London", "London", 0), ("0,179", "0,-179", 222)],
)
def test_great_circle_distances(one, other, km):
    assert geo.distance_km(geo.resolve(one), geo.resolve(other)) == pytest.approx(km, abs=5)


@pytest.mark.parametrize(
    ("price_class", "pop"), [("PriceClass_All", "SYD"), ("PriceClass_200", "CGK"), ("PriceClass_100", None)]
)
def test_a_price_class_leaves_edges_out(price_class, pop):
    edge, km = geo.nearest(geo.resolve("Sydney"), price_class)[0]

    assert edge.smallest_price_class in geo.PRICE_CLASSES[price_class]
    if pop:
        assert edge.pop == pop
    else:
        assert km > 5000


def test_why_says_how_far_the_edge_and_the_next_are():
    ranked = geo.nearest(geo.resolve("51.6,-0.2"))

    assert geo.why_nearest(ranked).startswith("LHR (London) is 11 km away; the next, MAN (Manchester), is ")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("Lodnon", "Did you mean London, GB"),
        ("95,0", "is nowhere on earth"),
        ("0,181", "is nowhere on earth"),
        ("", "No city is called ''"),
        ("London, ZZ", "Did you mean London, GB or London, CA"),
        ("Xqzzt", "Write a big city"),
        ("x" * 5000, "No city is called"),
    ],
)
def test_a_visitor_nowhere_on_earth_gets_a_sentence(said, sentence):
    with pytest.raises(geo.UnknownPlace) as caught:
        geo.resolve(said)

    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 400


def test_every_region_of_the_price_book_has_a_place():
    assert geo.region_place("eu-central-1").name == "Frankfurt am Main"
    assert geo.region_place("us-west-1").name == "San Francisco"
    assert geo.region_place("nowhere-1") == geo.region_place("us-east-1")


def test_the_london_and_los_angeles_story_in_milliseconds():
    km = 8756

    hit = latency.total_ms(latency.with_cdn(0, "a"))
    miss = latency.total_ms(latency.with_cdn(0, "a", km, latency.S3_FIRST_BYTE_MS))
    straight = latency.total_ms(latency.without_cdn(km, "a", latency.S3_FIRST_BYTE_MS))

    assert 15 < hit < 45
    assert 120 < miss < 300
    assert 350 < straight < 800
    assert hit < miss < straight


def test_jitter_is_the_seeds_and_never_beats_light():
    for seed in range(500):
        trip = latency.jittered(latency.rtt_ms(8756, 1.0), 8756, str(seed))
        assert trip >= latency.floor_ms(8756)
        assert trip == latency.jittered(latency.rtt_ms(8756, 1.0), 8756, str(seed))


def test_the_legs_add_up_to_the_time():
    legs = latency.with_cdn(120, "seed", 6000, 40)

    assert [leg.name for leg in legs] == ["net", "edge", "origin"]
    assert latency.total_ms(legs) == pytest.approx(sum(leg.ms for leg in legs))
