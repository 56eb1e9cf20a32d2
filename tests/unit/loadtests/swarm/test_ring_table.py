"""The table of measured and predicted shares, as text and for the page."""

from __future__ import annotations

from loadtests.swarm.ring import Ring
from loadtests.swarm.ring_table import COLUMNS, RingTable

RING = Ring("table", "crc32", "random", 7, {"S1": 0.25, "S2": 0.25, "S3": 0.5})


def server(name: str, share: float, state: str = "serving") -> dict[str, object]:
    return {"hostname": name, "state": state, "share": share}


def test_only_servers_that_serve_are_predicted_a_share() -> None:
    profile = {"strategy": "maglev", "request_hash": "xxh64", "key": "header:X-User", "bound": None}
    servers = [server("S2", 0.5), server("S1", 0.5), server("S3", 0, "down"), server("S4", 0, "spare")]
    ring = Ring.parse({"profile": profile, "version": 3, "servers": servers, "digest": "0" * 16})
    assert ring == Ring("maglev", "xxh64", "header:X-User", 3, {"S2": 0.5, "S1": 0.5})
    assert str(ring) == "N = 2, strategy maglev, request hash xxh64, key header:X-User"


def test_measured_beside_predicted() -> None:
    rows = RingTable({"S3": 60, "S1": 30, "S2": 10}, RING).rows
    assert [list(row) for row in rows] == [list(COLUMNS)] * 3
    assert [tuple(row.values()) for row in rows] == [
        ("S1", 30, 30.0, 25.0, 5.0),
        ("S2", 10, 10.0, 25.0, -15.0),
        ("S3", 60, 60.0, 50.0, 10.0),
    ]


def test_peak_to_mean_measured_and_predicted() -> None:
    table = RingTable({"S3": 60, "S1": 30, "S2": 10}, RING)
    assert (table.max_over_mean, table.ring.max_over_mean) == (1.8, 1.5)


def test_a_server_of_the_ring_that_answered_nothing_counts_in_the_mean() -> None:
    assert RingTable({"S1": 10, "S2": 10}, RING).max_over_mean == 1.5


def test_a_server_that_is_gone_comes_last_and_is_predicted_nothing() -> None:
    table = RingTable({"A": 10, "S1": 10}, RING, changed=True)
    assert [(row["server"], row["predicted"]) for row in table.rows] == [("S1", 25), ("S2", 25), ("S3", 50), ("A", 0)]
    assert "the ring changed during the run" in str(table)
    assert "the ring changed during the run" in table.page_rows()[-1]["server"]


def test_before_the_first_answer_nothing_is_measured() -> None:
    table = RingTable({}, RING)
    assert [row["measured"] for row in table.rows] == [0, 0, 0]
    assert table.max_over_mean is None
    assert table.page_rows()[-2]["measured"] == ""
    assert str(table).endswith("-       1.500")


def test_an_empty_ring() -> None:
    table = RingTable({}, Ring("table", "crc32", "random", 1, {}))
    assert (table.rows, table.max_over_mean, table.ring.max_over_mean) == ([], None, None)
    assert table.page_rows()[-1]["server"] == "N = 0, strategy table, request hash crc32, key random"


def test_as_text() -> None:
    assert str(RingTable({"S3": 6000, "S1": 2600, "S2": 1400}, RING)).splitlines() == [
        "Ring: N = 3, strategy table, request hash crc32, key random",
        "server                    requests    measured   predicted    difference",
        "S1                            2600      26.00%      25.00%      +1.00 pp",
        "S2                            1400      14.00%      25.00%     -11.00 pp",
        "S3                            6000      60.00%      50.00%     +10.00 pp",
        "max / mean                               1.800       1.500",
    ]


def test_on_the_page_servers_come_first() -> None:
    first, *_, ratio, title = RingTable({"S3": 2, "S1": 1}, RING).page_rows()
    assert first == {"server": "S1", "requests": 1, "measured": 33.33, "predicted": 25.0, "difference": 8.33}
    assert ratio == {"server": "max / mean", "requests": "", "measured": "2.000", "predicted": "1.500"}
    assert title == {"server": "N = 3, strategy table, request hash crc32, key random", "requests": 3}
