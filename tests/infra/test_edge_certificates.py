"""The certificates by which edges and balancer know each other: who is let in by them, and when there are new ones."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import PROJECT
from tests.infra.inventory import Inventory, Played

pytestmark = [pytest.mark.ansible]

ROLE = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: ringmaster.infra.ringmaster_edge_certificates}
"""


@dataclass
class Made:
    inventory: Inventory
    folder: Path

    def make(self, **variables: Any) -> Played:
        playbook = self.folder / "role.yml"
        playbook.write_text(ROLE)
        run = self.inventory.play(
            playbook, ringmaster_checkout=str(PROJECT), ringmaster_edge_certificates_folder=str(self.files), **variables
        )
        assert run.code == 0, run.output
        return run

    @property
    def files(self) -> Path:
        return self.folder / "edges"

    def read(self, name: str) -> bytes:
        return (self.files / name).read_bytes()


@pytest.fixture
def made(tmp_path: Path) -> Made:
    inventory = Inventory(tmp_path / "hosts.json", tmp_path)
    inventory.write(managers=["localhost"])
    return Made(inventory, tmp_path)


def test_they_are_made_once_and_anew_when_that_is_said_or_their_time_comes(made: Made) -> None:
    assert made.make().changed["localhost"] > 0
    authority, edge, balancer = (made.read(name) for name in ("ca.pem", "edge.pem", "balancer.pem"))
    assert {path.stat().st_mode & 0o777 for path in made.files.iterdir()} == {0o600}
    assert made.files.stat().st_mode & 0o777 == 0o700
    assert greet(made, {}) == b"hello"

    assert made.make().changed == {"localhost": 0}

    made.make(ringmaster_renew_edge_certificates=True)
    assert made.read("ca.pem") == authority
    assert made.read("edge.pem") != edge
    assert made.read("balancer.pem") != balancer

    (made.files / "former.pem").write_bytes(made.read("edge.pem"))
    (made.files / "former.key").write_bytes(made.read("edge.key"))
    made.make(ringmaster_renew_edge_certificates="ca")
    assert made.read("ca.pem").endswith(authority)
    assert made.read("ca.pem") != authority
    assert greet(made, {}) == b"hello"
    assert (
        greet(made, {"edge.pem": "former.pem", "edge.key": "former.key"}) == b"hello"
    )  # what the old authority signed

    (made.files / "edge.key").write_bytes(made.read("former.key"))
    assert made.make().changed == {"localhost": 1}, "a key that is another certificate's"


def test_the_balancer_lets_in_an_edge_and_not_itself(made: Made) -> None:
    made.make()
    with pytest.raises(ssl.SSLError):
        greet(made, {"edge.pem": "balancer.pem", "edge.key": "balancer.key"})


def greet(made: Made, instead: dict[str, str]) -> bytes:
    """What the balancer's side hears of an edge, over TLS in which both show certificates. `instead`: other files."""
    files = {name: str(made.files / instead.get(name, name)) for name in ("edge.pem", "edge.key")}
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.files / "balancer.pem", made.files / "balancer.key")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_cert_chain(files["edge.pem"], files["edge.key"])
    for context in (server, client):
        context.load_verify_locations(made.files / "ca.pem")
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    server.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        heard = pool.submit(hear, listener, server)
        with (
            socket.create_connection(listener.getsockname(), 10) as plain,
            client.wrap_socket(plain, server_hostname="ringmaster-balancer") as stream,
        ):
            stream.sendall(b"hello")
            stream.shutdown(socket.SHUT_WR)
        return heard.result()


def hear(listener: socket.socket, context: ssl.SSLContext) -> bytes:
    plain, _ = listener.accept()
    plain.settimeout(10)
    with context.wrap_socket(plain, server_side=True) as stream:
        names = stream.getpeercert()
        assert names
        assert ("DNS", "ringmaster-edge") in names["subjectAltName"]
        return stream.recv(64)
