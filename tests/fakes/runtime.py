"""A container engine in memory. A test can also change its containers without the balancer."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import count
from queue import SimpleQueue
from typing import Literal

from balancer.core.errors import EngineUnavailable, ImageMissing, NameTaken, StartFailed
from balancer.core.fleet import Server
from balancer.core.heartbeat import Heartbeat
from balancer.core.observed import Observed
from balancer.core.release import Release
from tests.fakes.fault import Fault
from tests.fakes.process import Process


class Everyone(Collection[str]):
    """A collection that contains every name, also names that are generated later."""

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class Container:
    """`mute`: the container does not answer its heartbeat. `frozen`: a signal has stopped its process. `ending`: it is
    being stopped. `name`: its container name. State "foreign": it belongs to another deployment."""

    instance: str
    ring_id: int
    address: str
    state: Literal["running", "paused", "exited", "foreign"] = "running"
    mute: bool = False
    frozen: bool = False
    ending: bool = False
    name: str = ""
    release: Release = Release()
    id: str = ""
    generation: int = 1
    starved: int = 0
    node: str = ""
    status: str = ""


class FakeRuntime:
    """A ContainerRuntime. `away`: makes its calls fail. `lacking`: the contents, or names of unknown ones, that the
    engine does not have. The other faults are for new servers with these hostnames or images: `broken` ones do not
    start, `ending_at_once` ones end at once, `mute` ones never answer their heartbeat. `killed` and `stopped`: the
    instances of all such calls. `nodes`: the Swarm nodes, which get new containers in turn; empty on one host."""

    def __init__(self, process: Process | None = None) -> None:
        self.away = Fault()
        self.lacking: Collection[str] = ()
        self.broken: Collection[str] = ()
        self.ending_at_once: Collection[str] = ()
        self.mute: Collection[str] = ()
        self.nodes: list[str] = []
        self.killed: list[str] = []
        self.stopped: list[str] = []
        self._containers: dict[str, Container] = {}
        self._ids = map(str, count(1))
        self._addresses = iter(f"10.0.{number // 250}.{number % 250 + 1}" for number in range(60_000))
        self.listeners: list[SimpleQueue[str]] = []
        self._lock = threading.Lock()
        self._process = process or Process()

    def start(self, server: Server, release: Release, *, avoid: Collection[str] = ()) -> None:
        self._call()
        instance = server.instance
        told = {server.hostname, release.image}
        if (release.content or release.image) in self.lacking:
            raise ImageMissing(f"{server.hostname} cannot be created: {release.image_missing}")
        with self._lock:
            for other in list(self._containers.values()):
                if other.name == instance and other.state == "foreign":
                    raise NameTaken(f"a container named {instance} exists and is not a server of this deployment")
                if other.name == instance:
                    del self._containers[other.instance]
            if any(name in self.broken for name in told):
                raise StartFailed(f"{server.hostname} cannot be started: no such image")
            state: Literal["running", "exited"] = (
                "exited" if any(name in self.ending_at_once for name in told) else "running"
            )
            mute = any(name in self.mute for name in told)
            self._containers[instance] = Container(
                instance,
                server.ring_id,
                f"{next(self._addresses)}:{release.port}",
                state,
                mute,
                name=instance,
                release=release,
                id=next(self._ids),
                generation=server.generation,
                node=self._next_node(avoid),
            )
        self._tell(f"start {instance}")

    def observe(self) -> dict[str, Observed]:
        self._call()
        with self._lock:
            return {item.instance: _observed(item) for item in self._containers.values() if item.state != "foreign"}

    def rename(self, instance: str, name: str) -> None:
        self._call()
        with self._lock:
            container = self._containers.get(instance)
            if container is None or container.state == "foreign":
                return
            if all(other.name != name for other in self._containers.values()):
                self._containers[instance] = replace(container, name=name)

    def stop(self, instance: str) -> None:
        self._call()
        self.stopped.append(instance)
        self._remove_ours(instance)

    def kill(self, instance: str, container: str = "") -> None:
        self._call()
        self.killed.append(instance)
        present = self._containers.get(instance)
        if present is not None and container in ("", present.id):
            self._remove_ours(instance)

    def is_stopped(self, instance: str) -> bool:
        self._call()
        return instance in self._containers and self._containers[instance].frozen

    def engine_events(self) -> Iterator[str]:
        self._call()
        events: SimpleQueue[str] = SimpleQueue()
        self.listeners.append(events)
        while event := events.get():
            yield event
        raise EngineUnavailable("the engine ended its stream of events")

    def last_output(self, instance: str) -> str:
        self._call()
        return f"{instance}: out of luck" if instance in self._containers else ""

    def seen(self, address: str, heartbeat: Heartbeat) -> str:
        """What a heartbeat sees of the server at this address; empty where the server answers well. A server answers
        only what its own release asks."""
        with self._lock:
            found = [item for item in self._containers.values() if item.address == address]
        if not any(item.state == "running" and not item.mute for item in found):
            return f"no answer within {heartbeat.timeout:g} s"
        return "" if any(item.release.heartbeat == heartbeat for item in found) else "answered 404"

    @property
    def names(self) -> set[str]:
        """The container names of all containers, also of foreign ones."""
        return {container.name for container in self._containers.values()}

    def release(self, instance: str) -> Release:
        """The release that the container is made of."""
        return self._containers[instance].release

    def stop_by_hand(self, instance: str) -> None:
        """A user stops the container: it takes no new requests and finishes those that it has."""
        self._become(instance, ending=True, mute=True)
        self._tell(f"kill {instance}")

    def die(self, instance: str) -> None:
        self._become(instance, state="exited")
        self._tell(f"die {instance}")

    def starve(self, instance: str) -> None:
        """It reaches its memory limit: the kernel kills a process of it, not its first one."""
        self._become(instance, starved=self._containers[instance].starved + 1)
        self._tell(f"oom {instance}")

    def pause(self, instance: str) -> None:
        self._become(instance, state="paused")
        self._tell(f"pause {instance}")

    def hang(self, instance: str) -> None:
        """The server hangs. There is no engine event of it."""
        self._become(instance, mute=True)

    def freeze(self, instance: str) -> None:
        """A signal stops the server's process. There is no engine event of it."""
        self._become(instance, mute=True, frozen=True)

    def wake(self, instance: str) -> None:
        self._become(instance, state="running", mute=False, frozen=False)
        self._tell(f"start {instance}")

    def vanish(self, instance: str) -> None:
        self._remove_ours(instance)

    def move(self, instance: str) -> str:
        """The container gets another address, as after a restart by hand. Returns the address."""
        address = f"{next(self._addresses)}:{self._containers[instance].release.port}"
        self._become(instance, address=address)
        return address

    def disconnect(self, instance: str) -> None:
        """The container runs, but is off the network."""
        self._become(instance, address="")

    def occupy(self, name: str, *, ring_id: int | None = None) -> None:
        """Adds a container that the balancer did not start: a foreign one or, with a ring id, an orphan of this
        deployment."""
        with self._lock:
            state: Literal["foreign", "running"] = "foreign" if ring_id is None else "running"
            address = f"{next(self._addresses)}:5000"
            self._containers[name] = Container(name, ring_id or 0, address, state, name=name, id=next(self._ids))

    def place(self, instance: str, node: str) -> None:
        """The container runs on that node."""
        self._become(instance, node=node)

    def on(self, node: str) -> set[str]:
        """The instances of the containers on the node."""
        return {container.instance for container in self._containers.values() if container.node == node}

    def cut_off(self, node: str) -> None:
        """Nothing on the node answers any more. The engine says nothing, and may place new containers there."""
        for instance in self.on(node):
            self._become(instance, mute=True)

    def lose(self, node: str) -> None:
        """The engine finds the node down."""
        self.cut_off(node)
        self.nodes = [other for other in self.nodes if other != node]
        for instance in self.on(node):
            self._become(instance, state="exited", status=f"its node {node} is down")
            self._tell(f"die {instance}")

    def drain(self, node: str) -> None:
        """An operator drains the node: all of its containers are stopped at once, and finish what they have."""
        self.nodes = [other for other in self.nodes if other != node]
        for instance in self.on(node):
            self.stop_by_hand(instance)

    def end_events(self) -> None:
        """The engine ends its streams of engine events."""
        for listener in self.listeners:
            listener.put("")
        self.listeners.clear()

    def _call(self) -> None:
        self._process.acts()
        if self.away.hits:
            raise EngineUnavailable("the engine does not answer")

    def _next_node(self, avoid: Collection[str]) -> str:
        """The node with the fewest containers. The caller holds the lock."""
        nodes = [node for node in self.nodes if node not in avoid]
        loads = {node: sum(item.node == node for item in self._containers.values()) for node in nodes}
        return min(loads, key=lambda node: loads[node], default="")

    def _become(self, instance: str, **changes: object) -> None:
        with self._lock:
            self._containers[instance] = replace(self._containers[instance], **changes)  # type: ignore[arg-type]

    def _remove_ours(self, instance: str) -> None:
        with self._lock:
            if instance not in self._containers or self._containers[instance].state == "foreign":
                return
            del self._containers[instance]
        self._tell(f"destroy {instance}")

    def _tell(self, event: str) -> None:
        for listener in self.listeners:
            listener.put(event)


def _observed(container: Container) -> Observed:
    running = container.state in ("running", "paused")
    return Observed(
        container.instance,
        container.ring_id,
        running,
        container.address if running else "",
        container.status or container.state,
        container.release.number,
        container.name,
        running and container.ending,
        container.id,
        container.release.content,
        paused=container.state == "paused",
        generation=container.generation,
        heartbeat=container.release.heartbeat,
        fingerprint=container.release.fingerprint,
        starved=container.starved,
        node=container.node,
    )
