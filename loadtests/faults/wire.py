"""Which POSTs went over a deployment's network, and how often: what a server took and did not live to tell."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from loadtests.running import CannotMeasure
from loadtests.traffic import POST_ID
from tests.system import System

_ALL_PROTOCOLS = 3
_SOL_PACKET, _ADD_MEMBERSHIP, _PROMISCUOUS = 263, 1, 1
_ETHERNET, _TCP = 14, 6
_ID = re.compile(rb"(?i)" + POST_ID.encode() + rb": <(\d+)>")

Flow = tuple[bytes, bytes]
"""Addresses and ports of both ends: one TCP connection."""


class Wire:
    """Listens on a bridge while the block runs. Raises PermissionError: only root may."""

    def __init__(self, bridge: str, *, port: int, front: str) -> None:
        """`port` is that of the servers; what goes to the address `front` comes from the clients."""
        self._port = port
        self._front = socket.inet_aton(front)
        self._flows: dict[str, set[Flow]] = defaultdict(set)
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
        self._socket.bind((bridge, _ALL_PROTOCOLS))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        membership = struct.pack("IHH8s", socket.if_nametoindex(bridge), _PROMISCUOUS, 0, b"")
        self._socket.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, membership)
        self._socket.settimeout(0.2)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="wire")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    @property
    def heard(self) -> int:
        """How many POSTs it has heard: 0 says that it listens in the wrong place."""
        return len(self._flows)

    def repeated(self, posts: Collection[str]) -> list[str]:
        """Those of `posts` that went to servers over more than one connection."""
        return [post for post in posts if len(self._flows.get(post, ())) > 1]

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                frame = self._socket.recv(65536)
            except TimeoutError:
                continue
            self._note(frame[_ETHERNET:])

    def _note(self, packet: bytes) -> None:
        if len(packet) < 20 or packet[0] >> 4 != 4 or packet[9] != _TCP:
            return
        segment = packet[(packet[0] & 15) * 4 :]
        if int.from_bytes(segment[2:4], "big") == self._port and packet[16:20] != self._front:
            for found in _ID.findall(segment):
                self._flows[found.decode()].add((packet[12:20], segment[:4]))


@contextmanager
def listening(system: System) -> Iterator[Wire]:
    """On the deployment's network. Raises CannotMeasure."""
    settings, containers = system.settings, system.containers
    network = containers.engine.networks.get(settings.network)
    front = (containers.of("edge") or containers.of("balancer"))[0]
    address = front.attrs["NetworkSettings"]["Networks"][settings.network]["IPAddress"]
    try:
        wire = Wire(f"br-{str(network.id)[:12]}", port=settings.server_port, front=address)
    except PermissionError as error:
        raise CannotMeasure(f"only root may listen on the network ({error}); run it with sudo") from error
    with wire:
        yield wire
