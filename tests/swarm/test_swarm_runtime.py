"""What every ContainerRuntime promises, on a Swarm of three nodes: through the manager itself and through a keeper."""

from __future__ import annotations

import pytest

from tests.contract import test_container_runtime
from tests.contract.swarm_bench import SwarmBench

pytestmark = [
    pytest.mark.docker,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # the Docker client's
]

globals().update({name: test for name, test in vars(test_container_runtime).items() if name.startswith("test_")})


@pytest.fixture(params=["swarm", "swarm keeper"])
def bench(request: pytest.FixtureRequest, swarm_bench: SwarmBench) -> SwarmBench:
    if request.param == "swarm keeper":
        swarm_bench.start_keeper()
    return swarm_bench
