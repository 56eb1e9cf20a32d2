"""The parts of make bench-scale that need no engine: its own one, and its table."""

from __future__ import annotations

import tempfile
from pathlib import Path

from balancer.adapters.keeper_client import KeeperClient
from balancer.core.policy import Policy
from balancer.core.release import Release
from loadtests.hosts import fleets
from loadtests.scale.bench import report
from loadtests.scale.engine import CONTENT, LoopbackEngine, keeper


def test_its_engine_is_behind_a_real_keeper_and_counts_how_often_it_lists_all() -> None:
    engine = LoopbackEngine()
    fleet = engine.run(fleets.fleet(300, 512))
    assert {server.address.partition(".")[0] for server in fleet.servers} == {"127"}
    assert len({server.address for server in fleet.servers}) == 300
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        path = Path(folder) / "keeper.sock"
        with keeper(engine, path, Policy(release=Release(image="bench"), servers=400, surge=1)):
            client = KeeperClient(path, name="keeper")
            before = engine.listed
            assert client.observe()["S300"].running
            client.kill("S300")
            assert "S300" not in client.observe()
            assert engine.listed == before + 2
            found = client.find("bench")
            assert found is not None
            assert found.content == CONTENT


def test_its_table_has_a_column_for_each_run() -> None:
    told = report(
        {"N = 10, M = 512": {"quiet": 0.0123, "add": 0.42}, "N = 100, M = 512": {"quiet": 0.05, "add written": 2e6}}
    )
    assert "N = 10, M = 512" in told
    assert [line.split("|")[2:4] for line in told.splitlines() if "quiet: of a core" in line] == [
        [" 1.2%            ", " 5.0%             "]
    ]
    assert "2000 KB" in told
