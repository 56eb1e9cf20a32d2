"""TLS at the edge: what clients are offered, redirects, renewals in the running edge, client certificates, OCSP."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path

import pytest

from balancer.adapters.haproxy.runtime_api import RuntimeApi
from balancer.adapters.haproxy.tls import Tls
from tests.certificates import Authority, expires, put, serial, shown
from tests.contract.plane_bench import all_to
from tests.contract.tls_bench import TLS_PORT, WITHIN, Client, TlsBench
from tests.http_client import ask
from tests.polling import until

pytestmark = pytest.mark.docker

RENEWALS = 6
"""Each takes about two seconds."""


def pid(bench: TlsBench) -> str:
    """The number of the running HAProxy process."""
    return RuntimeApi(bench.bench.profile.directory / "runtime.sock").ask("show info").partition("Pid: ")[2].split()[0]


def s_client(bench: TlsBench, *options: str, text: str = "") -> str:
    """What openssl says of a connection."""
    command = ["openssl", "s_client", "-connect", f"{bench.host}:{TLS_PORT}", "-servername", "localhost", *options]
    run = subprocess.run(command, input=text, capture_output=True, text=True, timeout=20, check=False)
    return run.stdout + run.stderr


@pytest.mark.parametrize(("offered", "chosen"), [("h2,http/1.1", "h2"), ("http/1.1", "http/1.1")])
def test_a_client_gets_the_protocol_that_it_offers(tls_bench: TlsBench, offered: str, chosen: str) -> None:
    assert f"ALPN protocol: {chosen}\n" in s_client(tls_bench, "-alpn", offered)


@pytest.mark.parametrize("version", ["-http1.1", "-http2"])
def test_both_protocols_reach_a_server(tls_bench: TlsBench, version: str, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    tls_bench.authority.authority.cert_pem.write_to_path(str(ca))
    url = f"https://localhost:{TLS_PORT}/home"
    at = f"localhost:{TLS_PORT}:{tls_bench.host}"
    command = ["curl", "--silent", "--show-error", "-" + version, "--cacert", str(ca), "--resolve", at]
    run = subprocess.run(
        [*command, "--write-out", "%{http_version} %{http_code}", url], capture_output=True, text=True, check=False
    )
    assert run.stdout.rpartition("\n")[2] == f"{version.removeprefix('-http')} 200", run


@pytest.mark.parametrize(
    ("options", "is_served"),
    [
        (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], False),
        (["-tls1_2"], True),
        (["-tls1_3"], True),
        (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], True),
        (["-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"], False),
        (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"], False),
        (["-tls1_2", "-cipher", "AES128-GCM-SHA256"], False),
        (["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"], True),
        (["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"], False),
        (["-tls1_3", "-groups", "X25519"], True),
        (["-tls1_3", "-groups", "P-521"], False),
    ],
)
def test_versions_ciphers_and_curves_are_those_of_the_intermediate_profile(
    tls_bench: TlsBench, options: list[str], is_served: bool
) -> None:
    said = s_client(tls_bench, *options)
    assert ("Verify return code" in said and "Cipher is (NONE)" not in said) is is_served, said


def test_a_session_is_resumed_by_its_ticket(tls_bench: TlsBench, tmp_path: Path) -> None:
    session = str(tmp_path / "session")
    assert "New, TLSv1.2" in s_client(tls_bench, "-tls1_2", "-sess_out", session, text="Q\n")
    assert "Reused, TLSv1.2" in s_client(tls_bench, "-tls1_2", "-sess_in", session, text="Q\n")


def test_servers_learn_that_the_request_was_safe(tls_bench: TlsBench) -> None:
    _, _, body = tls_bench.get("/echo", Host="shop.example")
    seen = {name.lower(): value for name, value in json.loads(body)["headers"].items()}
    assert (seen["x-forwarded-proto"], seen["x-forwarded-port"]) == ("https", "443")
    plain = ask("GET", tls_bench.bench.url, "/echo", headers={"Host": "shop.example"}, timeout=5)
    seen = {name.lower(): value for name, value in json.loads(plain.text)["headers"].items()}
    assert (seen["x-forwarded-proto"], seen["x-forwarded-port"]) == ("http", "80")


@pytest.mark.parametrize("path", ["/home?a=b", "/add", "/rep"])
def test_plain_http_is_redirected_where_that_is_asked(tls_bench: TlsBench, path: str) -> None:
    url = tls_bench.bench.url
    assert ask("GET", url, "/home", timeout=5).status == 200
    tls_bench.bench.change(tls=Tls(port=8443, redirect=True, client_ca=False, control=False))
    answer = ask("POST", url, path, headers={"Host": "shop.example:80", "Authorization": "Bearer x"}, timeout=5)
    assert (answer.status, answer.headers["Location"]) == (308, f"https://shop.example:8443{path}")
    assert tls_bench.get()[0] in (200, 503)


def test_a_request_that_a_trusted_proxy_got_by_tls_is_not_redirected(tls_bench: TlsBench) -> None:
    bench = tls_bench.bench
    bench.change(tls=Tls(port=443, redirect=True, client_ca=False, control=False), trusted_proxies=("0.0.0.0/0",))
    bench.plane.apply(all_to(*bench.servers))
    headers = {"Host": "shop.example", "X-Forwarded-Proto": "https"}
    assert ask("GET", bench.url, "/home", headers=headers, timeout=5).status == 200
    headers["X-Forwarded-Proto"] = "http"
    answer = ask("GET", bench.url, "/home", headers=headers, timeout=5)
    assert (answer.status, answer.headers["Location"]) == (308, "https://shop.example/home")


def test_a_request_without_a_host_cannot_be_redirected(tls_bench: TlsBench) -> None:
    tls_bench.bench.change(tls=Tls(port=TLS_PORT, redirect=True, client_ca=False, control=False))
    with socket.create_connection((tls_bench.host, 5000), timeout=5) as connection:
        connection.sendall(b"GET /home HTTP/1.0\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_the_balancer_knows_the_certificates(tls_bench: TlsBench) -> None:
    pem = (tls_bench.folder / "localhost.pem").read_bytes()
    (found,) = tls_bench.bench.plane.certificates()
    assert (found.file, found.names) == ("localhost.pem", ("localhost",))
    assert int(found.serial, 16) == serial(pem)
    assert found.expires == expires(pem)


@dataclass
class Load:
    """Requests over one kept connection and over new ones, until told to stop."""

    bench: TlsBench
    answered: int = 0
    lost: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Load:
        context = self.bench.authority.context()
        jobs = [threading.Thread(target=self._run, args=(context, kept)) for kept in (True, True, False, False)]
        self._jobs = jobs
        for job in jobs:
            job.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for job in self._jobs:
            job.join()

    def _run(self, context: ssl.SSLContext, kept: bool) -> None:
        client = Client(self.bench.host, context)
        while not self.stop.is_set():
            try:
                status, _, body = client.get("/home")
                self.answered += 1
                if status != 200:
                    self.lost.append(f"{status} {body}")
            except (OSError, HTTPException) as error:
                self.lost.append(repr(error))
                client.close()
            if not kept:
                client.close()
            self.stop.wait(0.005)
        client.close()


def test_no_request_is_lost_over_renewals_and_each_is_seen(
    tls_bench: TlsBench, record_property: Callable[[str, object], None]
) -> None:
    before = tls_bench.bench.container.attrs["State"]["StartedAt"]
    process = pid(tls_bench)
    took = []
    with Load(tls_bench) as load:
        for _ in range(RENEWALS):
            renewed = serial(tls_bench.put("localhost.pem"))
            began = time.monotonic()
            until(lambda: tls_bench.serial() == renewed, "the renewed certificate is shown", within=WITHIN, pause=0.02)  # noqa: B023
            took.append(time.monotonic() - began)
    assert not load.lost
    assert load.answered > 25 * RENEWALS
    record_property("requests", load.answered)
    record_property("longest renewal", f"{max(took):.2f} s")
    assert process == pid(tls_bench), "a renewal is no reload"
    tls_bench.bench.container.reload()
    assert before == tls_bench.bench.container.attrs["State"]["StartedAt"]


def test_certificates_come_and_go_with_their_files(tls_bench: TlsBench) -> None:
    ours = serial((tls_bench.folder / "localhost.pem").read_bytes())
    other = serial(tls_bench.put("shop.pem", "shop.example"))
    until(lambda: tls_bench.serial("shop.example") == other, "the new one is shown", within=WITHIN)
    assert tls_bench.serial() == ours
    assert {item.file for item in tls_bench.bench.plane.certificates()} == {"localhost.pem", "shop.pem"}
    (tls_bench.folder / "shop.pem").unlink()
    until(lambda: len(tls_bench.bench.plane.certificates()) == 1, "it is gone", within=WITHIN)
    assert tls_bench.serial("shop.example") == ours


def test_the_first_certificate_can_go_too(tls_bench: TlsBench) -> None:
    first = serial(tls_bench.put("a.pem", "localhost"))
    until(lambda: len(tls_bench.bench.plane.certificates()) == 2, "it is there", within=WITHIN)
    tls_bench.bench.container.restart(timeout=10)
    tls_bench.bench.wait_until_it_listens()
    until(lambda: tls_bench.serial() == first, "the first by name is the default", within=WITHIN)
    (tls_bench.folder / "a.pem").unlink()
    until(lambda: tls_bench.serial() != first, "the other one is", within=WITHIN)
    assert tls_bench.get()[0] == 200


@pytest.mark.parametrize("fault", ["another key", "half a file", "no key", "nothing"])
def test_a_broken_file_keeps_the_certificate_before_it(tls_bench: TlsBench, fault: str) -> None:
    file = tls_bench.folder / "localhost.pem"
    good = file.read_bytes()
    (chain, _), (_, key) = tls_bench.authority.pair("localhost"), tls_bench.authority.pair("localhost")
    broken = {
        "another key": chain + key,
        "half a file": tls_bench.authority.pem("localhost")[:900],
        "no key": chain,
        "nothing": b"",
    }
    lines = len(tls_bench.log().splitlines())
    put(file, broken[fault])
    time.sleep(3)
    assert tls_bench.serial() == serial(good)
    RuntimeApi(tls_bench.bench.profile.directory / "master.sock").do("reload", expect="Success=1")
    assert tls_bench.serial() == serial(good)
    said = [json.loads(line) for line in tls_bench.log().splitlines()[lines:] if '"certificate"' in line]
    assert [(line["level"], line["file"]) for line in said] == [("warning", "localhost.pem")]
    renewed = serial(tls_bench.put("localhost.pem"))
    until(lambda: tls_bench.serial() == renewed, "a good one is taken again", within=WITHIN)


def test_the_pair_of_certbot_is_taken(tls_bench: TlsBench) -> None:
    chain, key = tls_bench.authority.pair("certbot.example")
    for name, content in {"fullchain": chain, "cert": chain, "chain": chain, "privkey": key}.items():
        put(tls_bench.folder / f"{name}.pem", content)
    until(lambda: tls_bench.serial("certbot.example") == serial(chain), "it is shown", within=WITHIN)
    for name in ("fullchain", "cert", "chain", "privkey"):
        (tls_bench.folder / f"{name}.pem").unlink()
    until(lambda: len(tls_bench.bench.plane.certificates()) == 1, "it is gone", within=WITHIN)


def test_renewals_go_on_after_a_reload_and_after_the_watcher_died(tls_bench: TlsBench) -> None:
    RuntimeApi(tls_bench.bench.profile.directory / "master.sock").do("reload", expect="Success=1")
    renewed = serial(tls_bench.put("localhost.pem"))
    until(lambda: tls_bench.serial() == renewed, "the next one is shown", within=WITHIN)
    kill = "for p in /proc/[0-9]*; do case $(cat $p/cmdline) in /usr/bin/perl*) kill -9 ${p#/proc/};; esac; done"
    assert tls_bench.bench.container.exec_run(["sh", "-c", kill])[0] == 0
    renewed = serial(tls_bench.put("localhost.pem"))
    until(lambda: tls_bench.serial() == renewed, "the next one is shown", within=2 * WITHIN)


def test_a_client_certificate_is_needed_where_that_is_asked(tls_bench: TlsBench) -> None:
    tls_bench.bench.change(tls=Tls(port=TLS_PORT, redirect=False, client_ca=True, control=False))
    tls_bench.bench.plane.apply(all_to(*tls_bench.bench.servers))
    assert tls_bench.get(context=tls_bench.authority.client())[0] == 200
    stranger = tls_bench.authority.context()
    Authority().authority.issue_cert("client@example.org").configure_cert(stranger)
    for context in (tls_bench.authority.context(), stranger):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            tls_bench.get(context=context)
    until(lambda: "a connection failed before its first request" in tls_bench.log(), "the log says so", within=5)


def test_an_ocsp_response_beside_the_certificate_is_stapled(tls_bench: TlsBench) -> None:
    assert "OCSP response: no response sent" in s_client(tls_bench, "-status")
    pem = tls_bench.authority.pem("localhost")
    put(tls_bench.folder / "localhost.pem.ocsp", tls_bench.authority.ocsp(pem, datetime.now(UTC) + timedelta(days=3)))
    put(tls_bench.folder / "localhost.pem", pem)
    until(lambda: tls_bench.serial() == serial(pem), "the certificate is shown", within=WITHIN)
    assert "OCSP Response Status: successful" in s_client(tls_bench, "-status")


def test_an_ocsp_response_that_is_too_old_is_left_out(tls_bench: TlsBench) -> None:
    pem = tls_bench.authority.pem("localhost")
    put(tls_bench.folder / "localhost.pem.ocsp", tls_bench.authority.ocsp(pem, datetime.now(UTC) - timedelta(days=3)))
    put(tls_bench.folder / "localhost.pem", pem)
    until(lambda: tls_bench.serial() == serial(pem), "the certificate is shown", within=WITHIN)
    assert "OCSP response: no response sent" in s_client(tls_bench, "-status")
    assert '"localhost.pem.ocsp", "reason": "it is not used: OCSP single response: no longer valid' in tls_bench.log()


def test_the_control_port_speaks_tls_where_that_is_asked(tls_bench: TlsBench) -> None:
    tls_bench.bench.change(tls=Tls(port=TLS_PORT, redirect=False, client_ca=True, control=True))
    renewed = serial((tls_bench.folder / "localhost.pem").read_bytes())
    assert shown(tls_bench.host, 5001, "localhost").serial_number == renewed
    with pytest.raises(ConnectionError):
        ask("GET", f"http://{tls_bench.host}:5001", "/readyz", timeout=5)
