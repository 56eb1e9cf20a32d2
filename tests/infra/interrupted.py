"""`make up` that somebody interrupts: the next one goes on from there, and `make down` leaves nothing.

Not in CI: each moment makes a system twice. pytest tests/infra/interrupted.py
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.containers import Role
from tests.deployment import PROJECT
from tests.infra.make import MadeSystem, environment
from tests.polling import until

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]


def _has(role: Role) -> Callable[[MadeSystem], bool]:
    return lambda system: bool(system.containers.of(role))


MOMENTS: dict[str, Callable[[MadeSystem], bool]] = {
    "the balancer has just been made": _has("balancer"),
    "the variables are written": lambda system: (system.folders[0] / "wanted.tfvars.json").exists(),
    "there is something of it on the engine": lambda system: bool(system.containers.belongings),
    "the edge has just been made": _has("edge"),
    "the first server has just been made": _has("server"),
}


@pytest.mark.parametrize("moment", list(MOMENTS))
def test_an_interrupted_up_is_made_good_by_the_next_one(moment: str) -> None:
    system = MadeSystem()
    try:
        words = [f"DEPLOYMENT={system.deployment}", f"PREFIX={system.prefix}"]
        ports = [f"PORT={system.public}", f"CONTROL_PORT={system.control}"]
        with subprocess.Popen(
            ["make", "up", *words, *ports],
            cwd=PROJECT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        ) as running:
            until(lambda: MOMENTS[moment](system), moment, within=400)
            # As the terminal does it: to all of them.
            os.killpg(running.pid, signal.SIGINT)
            output, _ = running.communicate(timeout=200)
            assert running.returncode != 0, output
        again = system.up()
        assert again.code == 0, again.output
        system.wait_until_ready()
        assert len(system.replicas) == 3
    finally:
        down = system.down()
        traces = system.traces
        system.close()
    assert down.code == 0, down.output
    assert traces == {}
