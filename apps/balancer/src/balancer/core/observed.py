"""A server's container as the engine shows it."""

from __future__ import annotations

from dataclasses import dataclass

from balancer.core.heartbeat import Heartbeat


@dataclass(frozen=True, slots=True)
class Observed:
    """`address` is "ip:port", empty while the container is off the network. `container_name` has no prefix of the
    deployment; it is the instance where it is not given. `ending`: the container is being stopped, and may finish its
    requests. `id`: the engine's name of exactly this container. `image`: the content that the container is made of.
    `paused`: the engine has paused all its processes. `heartbeat` and `fingerprint` are of the release that the
    container is made of; None and empty where the container does not tell them. `starved`: how often the engine
    told that the kernel killed a process of the container at its memory limit, as far as somebody listened. The engine
    may tell one death several times. `node`: the name of the Swarm node that it runs on, empty on one host."""

    instance: str
    ring_id: int
    running: bool
    address: str = ""
    status: str = ""
    release: int = 1
    container_name: str = ""
    ending: bool = False
    id: str = ""
    image: str = ""
    paused: bool = False
    generation: int = 1
    heartbeat: Heartbeat | None = None
    fingerprint: str = ""
    starved: int = 0
    node: str = ""

    def __post_init__(self) -> None:
        if not self.container_name:
            object.__setattr__(self, "container_name", self.instance)

    @property
    def identity(self) -> tuple[int, int]:
        return self.ring_id, self.generation
