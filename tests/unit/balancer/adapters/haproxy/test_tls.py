"""TLS in the edge's configuration, and certificates as HAProxy shows them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from balancer.adapters.haproxy.edge import HaproxyEdge
from balancer.adapters.haproxy.tls import Tls, certificate
from balancer.core.certificate import Certificate
from tests.unit.balancer.adapters.haproxy.conftest import RuntimeSocket
from tests.unit.balancer.adapters.haproxy.test_config import PROFILE, assert_golden, rendered

TLS = Tls(port=5443, redirect=False, client_ca=False, control=False)
SHOWN = """Filename: /tmp/tls/shop.pem
Status: Used
Serial: 54ED6B91
notBefore: Jan  1 00:00:00 2025 GMT
notAfter: Feb  3 04:05:06 2027 GMT
Subject Alternative Name: DNS:shop.example, DNS:*.shop.example
Algorithm: RSA2048
Subject: /O=Shop/CN=shop
Issuer: /O=Authority
Chain Subject: /CN=Authority
"""
FOUND = Certificate("shop.pem", ("shop.example", "*.shop.example"), "54ED6B91", 1801627506)


def test_the_configuration_with_tls_is_golden(tmp_path: Path) -> None:
    strict = Tls(port=443, redirect=True, client_ca=True, control=True)
    assert_golden(rendered(tls=strict, trusted_proxies=("10.0.0.0/8",)), "tls.cfg", tmp_path)


def test_without_tls_nothing_is_said_of_it() -> None:
    assert "ssl" not in rendered()
    assert "redirect code" not in rendered(tls=TLS)


@pytest.mark.parametrize(
    ("tls", "asked", "written"), [(None, 8192, 8192), (TLS, 8192, 16384), (TLS, 16384, 16384), (TLS, 32768, 32768)]
)
def test_http_2_has_the_buffer_that_it_needs(tls: Tls | None, asked: int, written: int) -> None:
    text = rendered(tls=tls, bufsize=asked)
    assert f"    tune.bufsize {written}\n" in text
    assert f"1:{written - 1024}\n" in text


@pytest.mark.parametrize(("port", "target"), [(443, "host_only]%[pathq]"), (8443, "host_only]:8443%[pathq]")])
def test_a_redirect_names_the_port_where_it_is_another_one(port: int, target: str) -> None:
    assert f"location https://%[req.hdr(Host),{target} if" in rendered(tls=replace(TLS, port=port, redirect=True))


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (SHOWN, FOUND),
        (
            SHOWN.replace("DNS:shop.example, DNS:*.shop.example", ""),
            replace(FOUND, names=("shop",)),
        ),
        (SHOWN.replace("Status: Used", "Status: Unused"), None),
        ("Can't display the certificate: Not found or the certificate is a bundle!\n", None),
        ("Filename: /tmp/tls/new.pem\nStatus: Empty\n", None),
    ],
)
def test_a_certificate_is_what_haproxy_shows_of_it(shown: str, found: Certificate | None) -> None:
    assert certificate(shown) == found


def test_the_certificates_of_clients_are_asked_for_and_no_others(
    directory: Path, runtime_socket: RuntimeSocket
) -> None:
    answers = {
        "show ssl cert\n": "# transaction\n*/tmp/tls/shop.pem\n# filename\n/tmp/tls/shop.pem\n/elsewhere/a.pem\n",
        "show ssl cert /tmp/tls/shop.pem\n": SHOWN,
    }
    runtime_socket.answer = lambda command: answers[command]
    assert HaproxyEdge(replace(PROFILE, directory=directory, tls=TLS)).certificates() == (FOUND,)
    runtime_socket.commands.clear()
    assert HaproxyEdge(replace(PROFILE, directory=directory)).certificates() == ()
    assert runtime_socket.commands == []
