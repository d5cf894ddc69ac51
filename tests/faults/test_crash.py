"""Killed five times under load, a playground has kept what it acknowledged. By hand: python -m tests.faults.crash --kills 200."""

from tests.faults import crash


def test_nothing_acknowledged_is_lost_or_torn_and_nothing_is_left_over(tmp_path):
    report = crash.run(5, str(tmp_path), seed=5)

    assert not report.problems, report
    assert report.acknowledged > 50 and report.failed > 0 and report.objects_checked > 20
