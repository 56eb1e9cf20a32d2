"""The certificates by which edges and balancer know each other: who is let in by them, and when there are new ones."""

from __future__ import annotations

import shutil
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise, product
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

    def kept(self, name: str) -> Path:
        """A copy of them as they are now."""
        return Path(shutil.copytree(self.files, self.folder / name))

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
    assert greet(made.files, made.files) == b"hello"

    assert made.make().changed == {"localhost": 0}

    made.make(ringmaster_renew_edge_certificates=True)
    assert made.read("ca.pem") == authority
    assert made.read("edge.pem") != edge
    assert made.read("balancer.pem") != balancer

    (made.files / "edge.key").write_bytes(made.read("balancer.key"))
    assert made.make().changed == {"localhost": 1}, "a key that is another certificate's"


@pytest.mark.long
def test_a_new_authority_is_trusted_before_it_signs_and_nobody_is_refused_on_the_way(made: Made) -> None:
    made.make()
    steps = [made.kept("before")]
    made.make(ringmaster_renew_edge_certificates="ca")
    steps.append(made.kept("trusted"))
    made.make(ringmaster_renew_edge_certificates="ca")
    steps.append(made.kept("signed"))
    before, trusted, signed = ({path.name: path.read_bytes() for path in step.iterdir()} for step in steps)
    same = {name for name in before if before[name] == trusted[name]}
    assert {"edge.pem", "edge.key", "balancer.pem", "balancer.key"} <= same
    assert trusted["ca.pem"].endswith(before["ca.pem"])
    assert signed["ca.pem"] == trusted["ca.pem"] != before["ca.pem"]
    assert signed["edge.pem"] != trusted["edge.pem"]
    assert signed["balancer.pem"] != trusted["balancer.pem"]
    for former, latter in pairwise(steps):
        for edge, balancer in product((former, latter), repeat=2):
            assert greet(edge, balancer) == b"hello", (edge.name, balancer.name)
    assert made.make().changed == {"localhost": 0}


def test_the_balancer_lets_in_an_edge_and_not_itself(made: Made) -> None:
    made.make()
    with pytest.raises(ssl.SSLError):
        greet(made.files, made.files, shows="balancer")


def greet(edge: Path, balancer: Path, *, shows: str = "edge") -> bytes:
    """What the balancer's side hears of an edge, over TLS in which both show certificates: each of the files in its own
    folder. `shows`: the certificate that the edge has."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(balancer / "balancer.pem", balancer / "balancer.key")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_cert_chain(edge / f"{shows}.pem", edge / f"{shows}.key")
    for context, folder in ((server, balancer), (client, edge)):
        context.load_verify_locations(folder / "ca.pem")
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
