"""Certificates by ACME: certbot gets one from pebble, an authority for tests, and its hook gives it to the edge."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from tests.certificates import Authority, put, serial, shown
from tests.contract.tls_bench import TLS_PORT, WITHIN, TlsBench
from tests.deployment import PROJECT, free_ports
from tests.polling import until

pytestmark = pytest.mark.docker

HOOK = PROJECT / "infra" / "terraform" / "scripts" / "certbot-deploy-hook"
NAME = "shop.example"


@dataclass(frozen=True, slots=True)
class Certbot:
    """certbot with folders of its own. `server`: the URL of the authority. `port`: where the authority looks for the
    answer to its challenge. `ca`: whom to trust when talking to the authority."""

    folder: Path
    server: str
    port: int
    ca: Path

    def run(self, *words: str) -> str:
        folders = [f"--{kind}-dir={self.folder / kind}" for kind in ("config", "work", "logs")]
        done = subprocess.run(
            ["certbot", *words, *folders, "--non-interactive", "--server", self.server],
            env=os.environ | {"REQUESTS_CA_BUNDLE": str(self.ca)},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def certbot(tmp_path: Path) -> Iterator[Certbot]:
    """Needs certbot, pebble and pebble-challtestsrv: make tools."""
    acme, management, http, dns = free_ports(4)
    authority, ca = Authority(), tmp_path / "ca.pem"
    put(ca, authority.authority.cert_pem.bytes())
    for name, content in zip(("cert.pem", "key.pem"), authority.pair("localhost", "127.0.0.1"), strict=True):
        put(tmp_path / name, content)
    settings = {
        "listenAddress": f"127.0.0.1:{acme}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(tmp_path / "cert.pem"),
        "privateKey": str(tmp_path / "key.pem"),
        "httpPort": http,
        "tlsPort": http,
    }
    put(tmp_path / "pebble.json", json.dumps({"pebble": settings}).encode())
    names = ["pebble-challtestsrv", "-dns01", f"127.0.0.1:{dns}", "-defaultIPv6", ""]
    names += ["-http01", "", "-https01", "", "-tlsalpn01", "", "-management", f"127.0.0.1:{free_ports(1)[0]}"]
    pebble = ["pebble", "-config", str(tmp_path / "pebble.json"), "-dnsserver", f"127.0.0.1:{dns}"]
    with ExitStack() as running, (tmp_path / "log").open("wb") as log:
        for command in (names, pebble):
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                env=os.environ | {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"},
            )
            running.callback(process.wait)
            running.callback(process.kill)
        until(lambda: b"ACME directory available" in (tmp_path / "log").read_bytes(), "pebble listens", within=20)
        yield Certbot(tmp_path, f"https://127.0.0.1:{acme}/dir", http, ca)


def in_use(bench: TlsBench) -> x509.Certificate:
    return shown(bench.host, TLS_PORT, NAME)


def test_what_certbot_gets_and_renews_is_shown_by_the_edge(tls_bench: TlsBench, certbot: Certbot) -> None:
    hook = ["--deploy-hook", f"{HOOK} {tls_bench.folder}"]
    challenge = ["--standalone", "--http-01-port", str(certbot.port), "--http-01-address", "127.0.0.1"]
    agreed = ["--register-unsafely-without-email", "--agree-tos"]
    certbot.run("certonly", "-d", NAME, *challenge, *agreed, *hook)
    file = tls_bench.folder / f"{NAME}.pem"
    first = serial(file.read_bytes())
    until(lambda: in_use(tls_bench).serial_number == first, "the first certificate is shown", within=WITHIN)
    assert "Pebble" in in_use(tls_bench).issuer.rfc4514_string()
    certbot.run("renew", "--force-renewal", "--no-random-sleep-on-renew")
    second = serial(file.read_bytes())
    assert second != first
    until(lambda: in_use(tls_bench).serial_number == second, "the renewed certificate is shown", within=WITHIN)
    assert file.stat().st_mode & 0o777 == 0o640
    assert {path.name for path in tls_bench.folder.iterdir()} == {"localhost.pem", f"{NAME}.pem"}


@pytest.mark.parametrize(
    ("words", "lineage", "reason"),
    [([], "/x", "which folder?"), (["/nowhere"], "/x", "/nowhere is no folder"), (["/"], "", "RENEWED_LINEAGE")],
)
def test_the_hook_says_what_it_misses(words: list[str], lineage: str, reason: str) -> None:
    environment = os.environ | {"RENEWED_LINEAGE": lineage}
    done = subprocess.run([str(HOOK), *words], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert reason in done.stderr
