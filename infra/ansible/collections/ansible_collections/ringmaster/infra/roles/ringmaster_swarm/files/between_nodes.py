"""Whether the nodes of a Swarm reach one another, found out with Python's own library.

listen SECONDS PORTS         answers on those of the ports ("tcp/2377,udp/4789") that nobody holds, for so long
enough PORTS                 ends what listens on this node, and waits until the ports are free
ask NETWORK ADDRESS TARGETS  prints a JSON list of sentences: what is wrong between this node, which has the address,
                             and the targets, a JSON list of [name, address, ports]. The network is the overlays' own.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import selectors
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

PATIENCE = 3.0
"""Seconds for a connection or an answer."""
ENOUGH = b"enough"
"""What ends a listener, where it comes from its own node."""
Target = tuple[str, str, str]
"""The other node's name and address, and one port, such as tcp/2377."""


def listen(seconds: float, ports: list[str]) -> None:
    with selectors.DefaultSelector() as selector:
        for port in ports:
            kind = socket.SOCK_STREAM if port.startswith("tcp") else socket.SOCK_DGRAM
            listener = socket.socket(type=kind)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("0.0.0.0", int(port.partition("/")[2])))  # noqa: S104 (as the engine will)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue  # the engine's own, which answers itself
            if kind == socket.SOCK_STREAM:
                listener.listen(128)
            selector.register(listener, selectors.EVENT_READ)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and selector.get_map():
            if any(_answer(key.fileobj) == ENOUGH for key, _ in selector.select(left)):
                return


def _answer(listener: socket.socket) -> bytes | None:
    """What came from this node itself."""
    if listener.type == socket.SOCK_STREAM:
        listener.accept()[0].close()
        return None
    content, caller = listener.recvfrom(64)
    listener.sendto(content, caller)
    return content if caller[0].startswith("127.") else None


def enough(ports: list[int]) -> None:
    end = time.monotonic() + 3 * PATIENCE
    with socket.socket(type=socket.SOCK_DGRAM) as caller:
        while time.monotonic() < end and any(map(_is_held, ports)):
            for port in ports:
                caller.sendto(ENOUGH, ("127.0.0.1", port))
            time.sleep(0.1)


def _is_held(port: int) -> bool:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 (as the engine will)
        except OSError:
            return True
    return False


def ask(target: Target) -> str | None:
    name, address, port = target
    where = address, int(port.partition("/")[2])
    try:
        if port.startswith("tcp"):
            socket.create_connection(where, PATIENCE).close()
        else:
            _echo(where)
    except TimeoutError:
        return f"{port} of {name} ({address}): no answer, as when a firewall on the way drops it"
    except ConnectionRefusedError:
        return f"{port} of {name} ({address}): refused, as by a firewall that rejects, or its engine is not there"
    except OSError as error:
        return f"{port} of {name} ({address}): {error.strerror or error}"
    return None


def _echo(where: tuple[str, int]) -> None:
    """Three tries: a datagram may get lost on a good network, too."""
    with socket.socket(type=socket.SOCK_DGRAM) as caller:
        caller.connect(where)
        caller.settimeout(PATIENCE / 3)
        for _ in range(3):
            try:
                caller.send(b"ringmaster")
                caller.recv(64)
            except TimeoutError:
                continue
            return
    raise TimeoutError


def faults(network: str, own: str, targets: list[tuple[str, str, list[str]]]) -> list[str]:
    """Sentences. The network's addresses must be nobody's."""
    overlay = ipaddress.ip_network(network)
    taken = [
        address for address in (own, *(target[1] for target in targets)) if ipaddress.ip_address(address) in overlay
    ]
    if taken:
        advice = "take another pool: -e ringmaster_swarm_address_pool=10.99.0.0/16"
        return [f"{', '.join(taken)} is within ringmaster_swarm_address_pool ({network}); {advice}"]
    single = [(name, address, port) for name, address, ports in targets for port in ports]
    with ThreadPoolExecutor(max_workers=64) as pool:
        return [said for said in pool.map(ask, single) if said]


def main(verb: str, *words: str) -> None:
    if verb == "listen":
        listen(float(words[0]), words[1].split(","))
    elif verb == "enough":
        enough([int(port.partition("/")[2]) for port in words[0].split(",") if port.startswith("udp")])
    else:
        sys.stdout.write(json.dumps(faults(words[0], words[1], json.loads(words[2]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
