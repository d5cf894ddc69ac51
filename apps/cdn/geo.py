"""Where visitors, edges and regions are, and which edge is nearest.

Words: a *place* is a point on the earth with a name; an *edge* is a city where CloudFront has a
point of presence, called by its airport-like code ("LHR"); a *price class* says which edges a
distribution uses. Distances are great-circle kilometres. Next: latency.py turns them into time.
"""

import difflib
import json
import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
EARTH_RADIUS_KM = 6371.0088  # mean radius (IUGG)
PRICE_CLASSES = {"PriceClass_100": ("100",), "PriceClass_200": ("100", "200"), "PriceClass_All": ("100", "200", "All")}
POINT = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*,\s*([+-]?\d+(?:\.\d+)?)\s*\Z")


class UnknownPlace(ValueError):
    """A visitor said a place that is not on this earth, or not on our list; str() is a sentence for them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the earth: where a visitor or a region is. code: ISO country code, "" when unknown."""

    name: str
    code: str
    latitude: float
    longitude: float
    population: int = 0

    @property
    def label(self):
        return f"{self.name}, {self.code}" if self.code else self.name


@dataclass(frozen=True, slots=True)
class Edge:
    """A city with a point of presence. price_region: a key of the price book's cloudfront_regions."""

    pop: str
    city: str
    country: str
    code: str
    latitude: float
    longitude: float
    price_region: str
    smallest_price_class: str

    @property
    def name(self):
        """Return the whole name as X-Amz-Cf-Pop gives it: city code, site number, pool."""
        return f"{self.pop}50-P1"


@lru_cache(maxsize=16_384)  # an edge works out three distances for each visit, mostly the same ones
def distance_km(one, other):
    """Return the great-circle distance of two places (haversine)."""
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    half_lat = (lat2 - lat1) / 2
    half_lon = math.radians(other.longitude - one.longitude) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


@lru_cache(maxsize=1)
def edges():
    """Return every edge, by its pop code."""
    rows = json.loads((DATA / "edges.json").read_text())["edges"]
    return {
        row["pop"]: Edge(
            row["pop"],
            row["city"],
            row["country"],
            row["country_code"],
            row["latitude"],
            row["longitude"],
            row["price_region"],
            str(row["smallest_price_class"]),
        )
        for row in rows
    }


@lru_cache(maxsize=1)
def cities():
    """Return the big cities of the world, most populous first."""
    return tuple(Place(*row) for row in json.loads((DATA / "cities.json").read_text())["cities"])


@lru_cache(maxsize=1)
def regions():
    """Return region name -> (AWS's name of it, Place)."""
    rows = json.loads((DATA / "regions.json").read_text())["regions"]
    return {region: (row[0], Place(*row[1:])) for region, row in rows.items()}


def region_place(region):
    """Return where a region is; an unknown region counts as us-east-1."""
    return regions().get(region, regions()["us-east-1"])[1]


@lru_cache(maxsize=8)
def in_price_class(price_class):
    """Return the edges that a price class uses."""
    wanted = PRICE_CLASSES.get(price_class, PRICE_CLASSES["PriceClass_All"])
    return tuple(edge for edge in edges().values() if edge.smallest_price_class in wanted)


@lru_cache(maxsize=4096)
def nearest(place, price_class="PriceClass_All", count=4):
    """Return [(edge, km)], the nearest first, among the edges of a price class."""
    ranked = sorted((distance_km(place, edge), edge.pop, edge) for edge in in_price_class(price_class))
    return tuple((edge, round(km, 1)) for km, _pop, edge in ranked[:count])


def kilometres(km):
    """Return a distance as a person says it.

    >>> kilometres(8756.3), kilometres(0.4)
    ('8,756 km', '0 km')
    """
    return f"{km:,.0f} km"


def why_nearest(ranked, price_class="PriceClass_All"):
    """Say in a sentence why the first of nearest()'s edges serves."""
    edge, km = ranked[0]
    text = f"{edge.pop} ({edge.city}) is {kilometres(km)} away"
    if len(ranked) > 1:
        other, further = ranked[1]
        text += f"; the next, {other.pop} ({other.city}), is {kilometres(further)}"
    if price_class in ("PriceClass_100", "PriceClass_200"):
        text += f"; {price_class} uses {len(in_price_class(price_class))} of {len(edges())} edge cities"
    return text + "."


def plain(text):
    """Return a name without accents, case and punctuation, to compare names.

    >>> plain(" São  Paulo"), plain("Xi'an")
    ('sao paulo', 'xian')
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.sub(r"[^\w\s]", "", "".join(c for c in decomposed if not unicodedata.combining(c))).split())


@lru_cache(maxsize=1)
def _names():
    """Return plain name -> its places, most populous first; edge cities are known by name and by pop code."""
    found = {}
    for city in cities():
        found.setdefault(plain(city.name), []).append(city)
        short = plain(city.name).removesuffix(" city")
        if short != plain(city.name):
            found.setdefault(short, []).append(city)
    for edge in edges().values():
        place = Place(edge.city, edge.code, edge.latitude, edge.longitude)
        known = found.setdefault(plain(edge.city), [])
        if not any(city.code == edge.code for city in known):
            known.append(place)
        found.setdefault(edge.pop.lower(), []).append(place)
    return found


@lru_cache(maxsize=1)
def _country_codes():
    return {plain(edge.country): edge.code for edge in edges().values()} | {"uk": "GB", "usa": "US"}


@lru_cache(maxsize=4096)
def resolve(text):
    """Return the Place that a visitor named: "London", "london, gb", "51.5,-0.1" or an edge's code "LHR".

    Of several cities of one name the most populous is meant. Errors: UnknownPlace, a sentence.
    """
    point = POINT.match(text)
    if point:
        latitude, longitude = float(point[1]), float(point[2])
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise UnknownPlace(
                f"{latitude:g},{longitude:g} is nowhere on earth: latitude is -90 to 90, longitude -180 to 180."
            )
        return Place(f"{latitude:g},{longitude:g}", "", latitude, longitude)
    name, _comma, country = text.partition(",")
    found = _names().get(plain(name), [])
    if country.strip():
        wanted = _country_codes().get(plain(country), country.strip().upper())
        found = [place for place in found if place.code == wanted]
    if not found:
        raise UnknownPlace(_nowhere(text, plain(name)))
    return found[0]


def _nowhere(text, name):
    shown = text.strip()[:60]
    here = _names().get(name, [])
    near = here[:3] or [_names()[close][0] for close in difflib.get_close_matches(name, _names(), 3, 0.7)]
    hint = "Write a big city, an edge's code such as LHR, or a latitude and longitude such as 51.5,-0.1."
    if near:
        hint = f"Did you mean {' or '.join(place.label for place in near)}? {hint}"
    return f"No city is called {shown!r} here. {hint}"


def closest_city(place):
    """Return the big city nearest to a place, and its distance in km."""
    city = min(cities(), key=lambda city: distance_km(place, city))
    return city, distance_km(place, city)
