"""What would measure the traffic and not the ring is refused."""

from __future__ import annotations

from typing import Any, cast

import pytest

from loadtests.experiments.balance import at_sizes
from loadtests.experiments.stage import Stage
from loadtests.experiments.swarm_run import Load
from loadtests.running import CannotMeasure


class KeyedStage:
    def __init__(self, key: str) -> None:
        self._key = key

    def ring(self) -> dict[str, Any]:
        return {"profile": {"strategy": "table", "key": self._key}}


@pytest.mark.parametrize("key", ["path", "address"])
def test_a_ring_that_gives_all_requests_one_key_is_not_measured(key: str) -> None:
    runs = at_sizes(cast(Stage, KeyedStage(key)), [3], Load(users=1, requests=10))
    with pytest.raises(CannotMeasure, match=f'by "{key}" all requests'):
        next(runs)
