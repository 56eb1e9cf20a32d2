"""How long does a deployment not answer when the Docker engine restarts? Stops every container on this machine."""

from __future__ import annotations

import time
from pathlib import Path

from loadtests.faults import engine
from loadtests.faults.servers import hostname, is_spare
from loadtests.load.load import load
from loadtests.load.sender import LoadPlan
from loadtests.running import CannotMeasure
from tests.polling import until
from tests.system import System

_WITHIN = 180.0


def measure(system: System, *, plan: LoadPlan, pid_file: Path | None) -> bool:
    """Prints what a restart cost. Raises CannotMeasure; AssertionError where the fleet does not come back."""
    before = system.standing
    print(
        f"{system.deployment}: {before.target} servers, {plan.rate:g} requests a second; the engine restarts",
        flush=True,
    )
    with load(plan) as traffic:
        time.sleep(2)
        began = time.monotonic()
        engine.restart(pid_file)
        engine.wait_until_it_answers()
        answers = time.monotonic() - began
        until(lambda: _is_whole(system, before.target), f"{before.target} servers serve again", within=_WITHIN)
        whole = time.monotonic() - began
        time.sleep(2)
    requests = [request for request in traffic.requests if request.began >= began]
    failed = sorted((request for request in requests if request.has_failed), key=lambda request: request.began)
    if not failed:
        raise CannotMeasure("no request failed: the engine did not restart, or kept its containers (live-restore)")
    served = [request.ended for request in requests if not request.has_failed and request.began > failed[0].began]
    kept = set(before.replicas) & set(system.replicas)
    print(f"engine answers after    {answers:6.1f} s")
    print(f"/home answers after     {min(served) - began:6.1f} s")
    print(f"all {before.target} servers after     {whole:6.1f} s ({len(kept)} of the old names)")
    print(f"last failed request at  {max(request.ended for request in failed) - began:6.1f} s")
    print(f"requests: {len(requests)}, failed: {len(failed)}, not before {failed[0].began - began:.1f} s")
    return True


def _is_whole(system: System, n: int) -> bool:
    """Whether N servers serve, and none that died with the engine is left beside them."""
    if not system.is_ready or len(system.replicas) != n:
        return False
    servers = {hostname(server) for server in system.containers.of("server") if not is_spare(server)}
    return servers == set(system.replicas)
