"""The report of `make bench-containers`."""

from __future__ import annotations

from loadtests.scale.containers import report


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    found = {"/add": [10.0, 30.0, 24.0], "docker run": [10.0, 20.0, 20.0], "/rm": [6.0], "docker stop": [4.0]}
    rows = [line for line in report(found, change=30).splitlines() if line.startswith("| /")]
    assert [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows] == [
        ["/add of 30, beside docker run", "24.00", "20.00", "1.20"],
        ["/rm of 30, beside docker stop", "6.00", "4.00", "1.50"],
    ]
