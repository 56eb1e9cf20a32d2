"""How soon a killed server's place is taken: by a spare, or by a new server beside `docker run` on its own.

With spares it measures promotions, from the engine's event to serving; without, replacements, in turns with the bare
container that the same engine starts from the same image.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from statistics import median
from typing import Any

from docker.models.containers import Container

from loadtests.faults.bounds import too_slow
from loadtests.faults.servers import hostname, old_enough
from loadtests.ring.markdown import table
from tests.http_client import ask
from tests.polling import until
from tests.system import System

_PAUSE = 0.02
_WITHIN = 60.0


def measure(system: System, *, times: int) -> bool:
    """Prints a table; True when they are as soon as promised."""
    spares = _spares(system)
    taken, bare = [], []
    for number in range(1, times + 1):
        until(lambda: system.is_ready and _spares(system) == spares, "the fleet is whole", within=_WITHIN)
        server = until(lambda: old_enough(system, system.replicas), "a server is old enough", within=_WITHIN)[0]
        bare += [] if spares else [bare_start(system, server)]
        last = system.operate("GET", "/events").document["next"]
        died = killed(system, server)
        serves = told(system, "promoted" if spares else "joined", after=last)
        taken.append(time_of(serves) - died)
        print(f"{number} of {times}, {hostname(server)}: {taken[-1]:.3f} s", file=sys.stderr, flush=True)
    rows = {f"engine's event → {'spare' if spares else 'replacement'} serves": _row(taken)}
    if bare:
        rows["`docker run` → first heartbeat"] = _row(bare)
        rows["ratio of each pair"] = _row([ours / theirs for ours, theirs in zip(taken, bare, strict=True)], unit="")
    print(table(f"`docker kill`, {times} times", rows, first=""))
    wrong = too_slow(taken, bare)
    print(*(f"FAILURE: {line}\n" for line in wrong), sep="", end="", file=sys.stderr)
    return not wrong


def _row(values: list[float], unit: str = " s") -> dict[str, str]:
    return {"median": f"{median(values):.3f}{unit}", "max": f"{max(values):.3f}{unit}"}


def _spares(system: System) -> int:
    return sum(server["state"] == "spare" for server in system.ring().document["servers"])


def told(system: System, kind: str, *, after: int) -> dict[str, Any]:
    """The balancer's first event of this kind, as soon as there is one."""
    path = f"/events?kind={kind}&since={after}"
    found = until(
        lambda: system.operate("GET", path).document["events"], f"the event {kind}", within=_WITHIN, pause=_PAUSE
    )
    return dict(found[0])


def time_of(event: dict[str, Any]) -> float:
    """In seconds since 1970."""
    return datetime.fromisoformat(event["time"]).timestamp()


def killed(system: System, server: Container) -> float:
    """Kills it; the time of the engine's event, in seconds since 1970."""
    began, engine = int(time.time()), system.containers.engine.api
    ended = {"container": server.id, "event": ["die"]}
    server.kill()

    def events() -> list[dict[str, Any]]:
        return list(engine.events(since=began, until=int(time.time()) + 1, filters=ended, decode=True))

    return float(until(events, "the engine tells of its end", within=_WITHIN)[0]["timeNano"]) / 1e9


def bare_start(system: System, like: Container) -> float:
    """Seconds from `docker run` to the first heartbeat."""
    began = time.monotonic()
    with _bare(system, like) as container:
        container.reload()
        address = container.attrs["NetworkSettings"]["Networks"][system.settings.network]["IPAddress"]
        until(lambda: _beats(system, address), "the first heartbeat", within=_WITHIN, pause=_PAUSE)
        return time.monotonic() - began


@contextmanager
def _bare(system: System, like: Container) -> Iterator[Container]:
    """A container of the same image, settings and network, which the balancer knows nothing of."""
    settings = like.attrs["HostConfig"]
    container = system.containers.engine.containers.run(
        like.attrs["Image"],
        detach=True,
        environment=like.attrs["Config"]["Env"],
        network=settings["NetworkMode"],
        read_only=settings["ReadonlyRootfs"],
        tmpfs=settings["Tmpfs"] or {},
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
    )
    try:
        yield container
    finally:
        container.remove(force=True, v=True)


def _beats(system: System, address: str) -> bool:
    base, path = f"http://{address}:{system.settings.server_port}", system.settings.heartbeat_path
    try:
        return ask("GET", base, path, timeout=1).status == 200
    except OSError:
        return False
