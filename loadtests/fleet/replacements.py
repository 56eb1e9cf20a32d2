"""How soon a failed server's place is taken: by a spare, or by a new server beside `docker run` on its own.

Kills servers of a running deployment, one after another, and prints a table. With spares (`"spares": 1` among the
variables) it measures promotions, from the engine's event to serving; without, replacements, in turns with the bare
container that the same engine starts from the same image.

    python loadtests/fleet/replacements.py --count 20

Six servers or more, please: where servers that have just joined keep failing, new starts are put off on purpose.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import docker
import requests
from docker.models.containers import Container

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.containers import Containers
from tests.polling import until

_PAUSE = 0.02
_PATIENCE = 60


class Control:
    """The deployment's control port."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._session = requests.Session()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Any:
        answer = self._session.get(self._url + path, timeout=10)
        if answer.status_code not in (200, 503):
            raise SystemExit(f"{self._url}{path} answers {answer.status_code}: {answer.text}")
        return answer.json()

    def spares(self) -> int:
        return sum(server["state"] == "spare" for server in self.get("/ring")["servers"])

    def time_of(self, kind: str, *, after: int) -> float:
        """When the first event of this kind was, in seconds since 1970, as soon as there is one."""
        path = f"/events?kind={kind}&since={after}"
        events = until(lambda: self.get(path)["events"], f"the event {kind}", within=_PATIENCE, pause=_PAUSE)
        return datetime.fromisoformat(events[0]["time"]).timestamp()

    def wait_until_whole(self, spares: int) -> None:
        until(lambda: self.get("/readyz")["ready"] and self.spares() == spares, "the fleet is whole", within=_PATIENCE)


def killed(containers: Containers, hostname: str) -> float:
    """Kills the server; the time of the engine's event, in seconds since 1970."""
    container = containers.server(hostname)
    events = containers.engine.api.events(
        decode=True, filters={"container": container.id, "event": ["die"]}, since=int(time.time())
    )
    container.kill()
    return float(next(events)["timeNano"]) / 1e9


@contextmanager
def bare(containers: Containers, like: Container) -> Iterator[Container]:
    """A container of the same image, settings and network, which the balancer knows nothing of."""
    settings = like.attrs["HostConfig"]
    container = containers.engine.containers.run(
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


def bare_start(containers: Containers, like: Container, heartbeat: str) -> float:
    """Seconds from `docker run` to the first heartbeat."""
    began = time.monotonic()
    with bare(containers, like) as container:
        container.reload()
        network = like.attrs["HostConfig"]["NetworkMode"]
        address = container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"]
        until(lambda: beats(f"http://{address}{heartbeat}"), "the first heartbeat", within=_PATIENCE, pause=_PAUSE)
        return time.monotonic() - began


def beats(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).status_code == 200
    except requests.RequestException:
        return False


def promotions(control: Control, containers: Containers, count: int) -> list[float]:
    """Seconds from the engine's event to the spare's serving."""
    spares = control.spares()
    seconds = []
    for number in range(count):
        control.wait_until_whole(spares)
        last = control.get("/events")["next"]
        died = killed(containers, control.get("/healthz")["replicas"][0])
        seconds.append(control.time_of("promoted", after=last) - died)
        print(f"{number + 1}/{count}: {seconds[-1] * 1000:.0f} ms", file=sys.stderr)
    control.wait_until_whole(spares)
    return seconds


def replacements(
    control: Control, containers: Containers, count: int, heartbeat: str
) -> tuple[list[float], list[float]]:
    """Seconds from the engine's event to the replacement's serving, and of `docker run` to the first heartbeat."""
    ours, theirs = [], []
    for number in range(count):
        control.wait_until_whole(0)
        replicas = control.get("/healthz")["replicas"]
        theirs.append(bare_start(containers, containers.server(replicas[0]), heartbeat))
        last = control.get("/events")["next"]
        died = killed(containers, replicas[0])
        ours.append(control.time_of("joined", after=last) - died)
        print(f"{number + 1}/{count}: {ours[-1]:.2f} s beside {theirs[-1]:.2f} s", file=sys.stderr)
    control.wait_until_whole(0)
    return ours, theirs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deployment", default="ringmaster", help="its name (default: %(default)s)")
    parser.add_argument("--control-url", default="http://127.0.0.1:5001", help="default: %(default)s")
    parser.add_argument("--token", default="", help="where the deployment has one")
    parser.add_argument("--heartbeat", default=":5000/heartbeat", help="port and path (default: %(default)s)")
    parser.add_argument("--count", type=int, default=20, help="servers to kill (default: %(default)s)")
    arguments = parser.parse_args()
    control = Control(arguments.control_url, arguments.token)
    containers = Containers(arguments.deployment)
    try:
        if control.spares():
            seconds = promotions(control, containers, arguments.count)
            print("| from the engine's event to a spare's serving | median | max |\n|---|---|---|")
            print(
                f"| `docker kill`, {len(seconds)} times | {statistics.median(seconds):.3f} s | {max(seconds):.3f} s |"
            )
        else:
            ours, theirs = replacements(control, containers, arguments.count, arguments.heartbeat)
            ratio = statistics.median(mine / bare for mine, bare in zip(ours, theirs, strict=True))
            print("| | median | max |\n|---|---|---|")
            print(f"| engine's event → replacement serves | {statistics.median(ours):.2f} s | {max(ours):.2f} s |")
            print(f"| `docker run` → first heartbeat | {statistics.median(theirs):.2f} s | {max(theirs):.2f} s |")
            print(f"| ratio of each pair | {ratio:.2f} | |")
    except requests.ConnectionError:
        sys.exit(f"nobody answers at {arguments.control_url}: `make up` first, or say --control-url")
    except docker.errors.DockerException as error:
        sys.exit(f"the engine does not do what it should: {error}")


if __name__ == "__main__":
    main()
