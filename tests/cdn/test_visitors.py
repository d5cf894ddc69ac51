"""Synthetic visitors: one by hand, many by a worker, the command, and the sums."""

import json
import subprocess
import sys
import time

import pytest

from apps.cdn import geo, visitors
from apps.cdn.models import Distribution, VisitorRun
from tests.conftest import ROOT

MINUTE = {"Cache-Control": "max-age=60"}


@pytest.fixture
def distribution(site, origin, path):
    origin.answers[path] = {"body": b"x" * 500, "headers": MINUTE}
    return Distribution.objects.select_related("account").get(distribution_id=site().id)


def test_one_visit_tells_its_story(distribution, path):
    first = visitors.visit(distribution, path, "London")
    second = visitors.visit(distribution, path, "51.5,-0.1")

    assert (first["result"], first["pop"], first["edge_city"], first["status"]) == ("Miss", "LHR", "London", 200)
    assert (second["result"], second["pop"]) == ("Hit", "LHR")
    assert second["ttfb_ms"] < first["ttfb_ms"] < first["direct_ms"]
    assert first["timing"].keys() == {"net", "edge", "origin", "without-cdn"}
    assert first["reason"].startswith("first request for this key at LHR")
    assert first["candidates"][1]["pop"] == "MAN"


def test_a_visitor_nowhere_is_a_sentence(distribution):
    with pytest.raises(geo.UnknownPlace, match="Atlantis"):
        visitors.visit(distribution, "/", "Atlantis")


def test_the_same_seed_draws_the_same_visitors_from_big_cities_first():
    one, again, other = (visitors.draw(2000, seed, ["/a", "/b"]) for seed in (7, 7, 8))

    assert one == again != other
    names = [place.name for place, _path in one]
    assert names.count("Shanghai") > names.count("Reykjavík")
    assert sum(path == "/a" for _place, path in one) > 1000


def test_many_visitors_are_summed_up_by_edge(distribution, origin, path):
    summary = visitors.send(distribution, 300, seed=5, paths=[path])

    assert summary["visitors"] == 300 == sum(edge["visitors"] for edge in summary["edges"])
    assert len(origin.requests(path)) == len(summary["edges"])  # each edge asks its origin once
    assert summary["results"]["Hit"] > 150
    assert summary["hit_ratio"] == round(summary["results"]["Hit"] / 300, 4)
    assert summary["bytes_out"] == 300 * 500
    assert summary["median_ttfb_ms"] < summary["median_without_cdn_ms"]


def test_a_worker_sends_a_run_and_its_progress_is_seen(distribution, path):
    run = visitors.start(distribution, 200, seed=1, paths=[path])

    end = time.monotonic() + 30
    while time.monotonic() < end and run.state not in (VisitorRun.State.DONE, VisitorRun.State.FAILED):
        time.sleep(0.1)
        run.refresh_from_db()

    assert (run.state, run.sent, run.error) == ("done", 200, "")
    assert run.summary["visitors"] == 200


@pytest.mark.parametrize("count", [0, -1, 10_001])
def test_a_run_has_a_size(distribution, count):
    with pytest.raises(ValueError, match="1 to 10,000"):
        visitors.start(distribution, count)


def simulate(*arguments):
    command = [sys.executable, "manage.py", "simulate", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_the_command_prints_a_table_and_json(distribution, path):
    wanted = ("--distribution", distribution.distribution_id, "--visitors", "50", "--seed", "3", "--path", path)

    table, again = simulate(*wanted), simulate(*wanted, "--json")

    assert table.returncode == again.returncode == 0, table.stderr + again.stderr
    assert "hit ratio" in table.stdout and "median time to first byte" in table.stdout
    found = json.loads(again.stdout)
    assert (found["visitors"], found["seed"], found["hit_ratio"]) == (50, 3, 1.0)


def test_the_command_refuses_nonsense_in_one_line(distribution):
    unknown = simulate("--distribution", "E0", "--visitors", "5")
    none = simulate("--distribution", distribution.distribution_id, "--visitors", "0")

    assert unknown.returncode == none.returncode == 1
    assert unknown.stderr.strip().splitlines()[-1] == "CommandError: There is no distribution E0."
    assert "1 to 10000" in none.stderr
