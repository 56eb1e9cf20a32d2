"""Each example of infra/terraform is applied, serves, has nothing left to do, and is destroyed to nothing."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority, put
from tests.containers import Containers
from tests.deployment import SOCKET, base_image, free_ports
from tests.http_client import ask
from tests.own_image import own_image
from tests.terraform_root import PROJECT, Root

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

TOKEN = secrets.token_hex(16)
SHOP = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"shop")

ThreadingHTTPServer(("", 8080), Shop).serve_forever()
"""


@contextmanager
def applied(example: str, *modules: str, **variables: Any) -> Iterator[tuple[Mapping[str, Any], list[Containers]]]:
    """The example with names and ports of its own for each of its modules: its outputs, and the containers of each.
    Afterwards nothing is left."""
    names = [f"test-{secrets.token_hex(3)}" for _ in modules]
    root = Root(
        f"examples/{example}",
        override="\n".join(apart(module, name) for module, name in zip(modules, names, strict=True)),
        base_image=base_image(),
        **variables,
    )
    made = [Containers(name) for name in names]
    try:
        root.init()
        try:
            root.apply()
            yield root.outputs(), made
            assert root.plan() == ""
        finally:
            root.destroy()
        assert [containers.belongings for containers in made] == [{} for _ in made]
    finally:
        for containers in made:
            containers.close()
        root.close()


def apart(module: str, name: str) -> str:
    """Terraform's text of what keeps a module of an example apart from all else on this machine."""
    public, control, tls = free_ports(3)
    return f"""
        module "{module}" {{
          deployment      = "{name}"
          name_prefix     = "{name}-"
          docker_socket   = "{SOCKET}"
          docker_gid      = {SOCKET.stat().st_gid}
          publish_address = "127.0.0.1"
          publish_port    = {public}
          control_port    = {control}
          tls_port        = {tls}
        }}
    """


def test_every_example_is_tried_here() -> None:
    examples = {path.name for path in (PROJECT / "infra/terraform/examples").iterdir()}
    assert examples == {"basic", "two-deployments", "own-image-behind-tls", "flask-plane"}


@pytest.mark.long
def test_basic() -> None:
    with applied("basic", "ringmaster") as (outputs, [containers]):
        assert ask("GET", outputs["url"], "/home").status == 200
        assert ask("GET", outputs["fleet_url"], "/rep").document["message"]["N"] == 2
        assert len(containers.servers) == 2


@pytest.mark.long
def test_two_deployments() -> None:
    with applied("two-deployments", "blue", "green") as (outputs, [blue, green]):
        homes = {name: ask("GET", url, "/home") for name, url in outputs["urls"].items()}
        assert {name: home.status for name, home in homes.items()} == {"blue": 200, "green": 200}
        assert (len(blue.servers), len(green.servers)) == (2, 1)


def test_own_image_behind_tls(tmp_path: Path) -> None:
    authority, folder = Authority(), tmp_path / "tls"
    for path in (*tmp_path.parents[:2], tmp_path, folder):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)
    put(folder / "shop.pem", authority.pem("localhost"))
    with (
        own_image(SHOP, "ringmaster-example-shop:1") as image,
        applied(
            "own-image-behind-tls",
            "ringmaster",
            image=image,
            certificates=str(folder),
            token=TOKEN,
        ) as (outputs, _),
    ):
        assert outputs["url"].startswith("https://")
        assert shown(outputs["url"], authority.context()) == b"shop"
        assert ask("GET", outputs["control_url"], "/ring").status == 401


@pytest.mark.long
def test_flask_plane() -> None:
    with applied("flask-plane", "ringmaster") as (outputs, [containers]):
        assert ask("GET", outputs["url"], "/home").status == 200
        assert containers.of("edge") == []
        assert len(containers.servers) == 3


def shown(url: str, context: ssl.SSLContext) -> bytes:
    """What the shop shows to a client that trusts the authority."""
    port = int(url.rpartition(":")[2])
    with closing(HTTPSConnection("localhost", port, timeout=10, context=context)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().read()
