"""gRPC, WebSocket and h2spec over TLS, where ALPN chooses the protocol."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from websockets.sync.client import connect

from balancer.adapters.haproxy.tls import Tls
from balancer.core.routes import Backend
from tests.certificates import Authority, put
from tests.contract.h2spec import h2spec
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import Lab
from tests.contract.plane_bench import all_to
from tests.contract.protocol_servers import GRPC, HTTP, backends

pytestmark = pytest.mark.docker

TLS_PORT = 5443


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def bench(
    lab: Lab, servers: tuple[Backend, ...], authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HaproxyBench]:
    folder = tmp_path_factory.mktemp("tls")
    folder.chmod(0o755)
    put(folder / "localhost.pem", authority.pem("localhost"))
    with HaproxyBench(lab, tmp_path_factory.mktemp("edge-tls"), servers, (f"{folder}:/run/tls:ro",)) as bench:
        bench.change(tls=Tls(port=TLS_PORT, redirect=False, client_ca=False, control=False))
        yield bench


def test_grpc_passes(lab: Lab, bench: HaproxyBench, authority: Authority) -> None:
    bench.plane.apply(all_to(*backends(lab, "grpc_server", GRPC, "T1")))
    trusted = grpc.ssl_channel_credentials(root_certificates=authority.authority.cert_pem.bytes())
    options = [("grpc.ssl_target_name_override", "localhost")]
    with grpc.secure_channel(f"{bench.host}:{TLS_PORT}", trusted, options) as channel:
        assert channel.unary_unary("/test.Echo/Who")(b"", timeout=20) == b"T1"
        talk = channel.stream_stream("/test.Echo/Talk")(iter([b"a", b"b"]), timeout=20)
        assert list(talk) == [b"a", b"b"]
        told = channel.unary_unary("/test.Echo/Metadata")(b"", timeout=20)
        assert b'"x-forwarded-proto": "https"' in told


def test_websocket_passes(lab: Lab, bench: HaproxyBench, authority: Authority) -> None:
    bench.plane.apply(all_to(*backends(lab, "websocket_server", HTTP, "TW1")))
    address = f"wss://{bench.host}:{TLS_PORT}"
    with connect(address, ssl=authority.context(), server_hostname="localhost", open_timeout=10, proxy=None) as peer:
        for number in range(1000):
            peer.send(str(number))
            assert peer.recv(timeout=10) == str(number)


def test_h2spec_finds_nothing(bench: HaproxyBench) -> None:
    bench.plane.apply(all_to(*bench.servers))
    assert h2spec(bench.host, TLS_PORT, "--tls", "--insecure") == set()
