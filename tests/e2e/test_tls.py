"""A deployment with TLS: HTTPS, an empty plan, a certificate that ends soon, its renewal, and TLS taken away."""

from __future__ import annotations

import ssl
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from tests.certificates import Authority, expires, put, serial, shown
from tests.containers import ROLE
from tests.deployment import Deployment, free_ports
from tests.e2e.conftest import only_haproxy
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, only_haproxy]

LOOKS = 20.0
"""Seconds within which the balancer looks at its certificates again."""


@pytest.mark.long
def test_a_certificate_that_ends_soon_is_told_renewed_and_taken_away(tmp_path: Path, system: System) -> None:
    authority, folder = Authority(), tmp_path / "tls"
    for path in (*tmp_path.parents[:2], tmp_path, folder):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)
    ending = authority.pem("localhost", ends=datetime.now(UTC) + timedelta(days=3))
    put(folder / "shop.pem", ending)
    (port,) = free_ports(1)
    with Deployment(replicas=1, tls=str(folder), tls_port=port) as deployment:
        assert deployment.plan() == ""
        assert served(port, authority.context()) == 200
        assert holders(deployment, folder) == {"edge"}
        report = until(lambda: told(deployment, "certificates"), "the balancer has seen the certificate", within=LOOKS)
        assert report["certificates"] == [
            {"file": "shop.pem", "names": ["localhost"], "expires": iso(ending)},
        ]
        assert report["ready"]
        renewed = authority.pem("localhost")
        put(folder / "shop.pem", renewed)
        until(lambda: shown("127.0.0.1", port, "localhost").serial_number == serial(renewed), "it is shown", within=5)
        until(lambda: not told(deployment, "certificates"), "the balancer has seen the renewal", within=LOOKS)
        events = deployment.operate("GET", "/events?since=0").document["events"]
        assert [event["facts"]["file"] for event in events if event["kind"] == "certificate"] == ["shop.pem"]
        deployment.apply(tls=None)
        assert deployment.is_ready
        assert deployment.readyz().document["certificates"] == []


def served(port: int, context: ssl.SSLContext) -> int:
    with closing(HTTPSConnection("localhost", port, timeout=10, context=context)) as connection:
        connection.request("GET", "/home")
        return connection.getresponse().status


def holders(deployment: Deployment, folder: Path) -> set[str]:
    """The roles of the containers that the folder is mounted into."""
    return {
        container.labels[ROLE]
        for container in deployment.containers.all
        if str(folder) in [mount["Source"] for mount in container.attrs["Mounts"] if "Source" in mount]
    }


def told(deployment: Deployment, part: str) -> dict[str, object]:
    """The report, where the part is among its ailments."""
    report: dict[str, object] = deployment.readyz().document
    return report if part in report["ailments"] else {}  # type: ignore[operator]


def iso(pem: bytes) -> str:
    return datetime.fromtimestamp(expires(pem), UTC).isoformat()
