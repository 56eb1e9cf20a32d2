"""What the hub does with connections that are no good, with agents that do not read, and with tunnels."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from balancer.adapters.edges import connections
from balancer.adapters.edges.wire import EDGE_NAME, HUB_NAME, files_of, line
from balancer.core.errors import PlaneUnavailable
from tests.certificates import put_edge_certificates, serial
from tests.fakes.edge_agent import client_context
from tests.polling import until
from tests.unit.balancer.adapters.edges.conftest import Bench
from tests.unit.balancer.adapters.edges.files import edge_of, files, until_leased, until_lost

HELLO = line({"edge": {"node": "raw"}})
BEAT = line({"beat": {"obeys": "", "serving": True, "problem": ""}})


@contextmanager
def connected(bench: Bench, certificates: Path | None = None, *, address: str = "127.0.0.1") -> Iterator[ssl.SSLSocket]:
    context = client_context(certificates or bench.agents_certificates)
    with (
        socket.create_connection(("127.0.0.1", bench.port), timeout=20, source_address=(address, 0)) as connection,
        context.wrap_socket(connection, server_hostname=HUB_NAME) as tls,
    ):
        yield tls


def is_ended(connection: ssl.SSLSocket) -> bool:
    """Whether the other side ends it, whatever it says before."""
    try:
        while connection.recv(65536):
            pass
    except OSError as error:
        return not isinstance(error, TimeoutError)
    return True


@pytest.mark.parametrize("name", ["ringmaster-balancer", "example.org", "x.ringmaster-edge", "*.example.org"])
def test_who_is_no_edge_gets_no_word(bench: Bench, tmp_path: Path, name: str) -> None:
    bench.hub.offer(files())
    other = put_edge_certificates(tmp_path / "other", bench.authority, name)
    with connected(bench, other) as connection:
        with suppress(OSError):
            connection.sendall(HELLO + BEAT)
        assert is_ended(connection)
    assert bench.hub.edges() == ()


def test_who_is_of_another_authority_gets_no_word(bench: Bench, tmp_path: Path) -> None:
    other = put_edge_certificates(tmp_path / "other", trustme.CA(), EDGE_NAME)
    (other / "ca.pem").write_bytes((bench.agents_certificates / "ca.pem").read_bytes())
    with suppress(OSError), connected(bench, other) as connection:
        with suppress(OSError):
            connection.sendall(HELLO + BEAT)
        assert is_ended(connection)
    assert bench.hub.edges() == ()


def test_who_shows_no_certificate_gets_no_word(bench: Bench) -> None:
    context = ssl.create_default_context(cafile=bench.agents_certificates / "ca.pem")
    with (
        socket.create_connection(("127.0.0.1", bench.port), timeout=20) as plain,
        suppress(OSError),
        context.wrap_socket(plain, server_hostname=HUB_NAME) as connection,
    ):
        with suppress(OSError):
            connection.sendall(HELLO + BEAT)
        assert is_ended(connection)
    assert bench.hub.edges() == ()


def test_old_tls_is_refused(bench: Bench) -> None:
    context = client_context(bench.agents_certificates)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", bench.port), timeout=20) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname=HUB_NAME)


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\n",
        b"[]\n",
        b"{}\n",
        b'{"edge": 1}\n',
        b'{"edge": {}}\n',
        b'{"edge": {"node": ""}}\n',
        b'{"edge": {"node": 7}}\n',
        line({"edge": {"node": "n" * 256}}),
        line({"edge": {"node": "one\nline"}}),
        line({"edge": {"node": "\x1b[2J"}}),
        line({"tunnel": "../fleet.json"}),
        line({"tunnel": ["balancer.sock"]}),
        b'{"edge": {"node": "' + b"x" * 2000,
        b"[" * 900 + b"\n",
    ],
)
def test_a_first_line_that_says_nothing_known_ends_the_connection(bench: Bench, first: bytes) -> None:
    with connected(bench) as connection:
        connection.sendall(first)
        assert is_ended(connection)
    assert bench.hub.edges() == ()


def test_who_says_nothing_at_first_is_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_FIRST", 0.3)
    with connected(bench) as connection:
        assert is_ended(connection)


@pytest.mark.parametrize(
    "said",
    [
        b"no JSON\n",
        b"{}\n",
        b'{"beat": {"obeys": 1, "serving": true, "problem": ""}}\n',
        b'{"beat": {"serving": true, "more": 1}}\n',
        b'{"beat": []}\n',
        b'{"answer": {}}\n',
    ],
)
def test_nonsense_on_a_stream_ends_it(bench: Bench, said: bytes) -> None:
    with connected(bench) as connection:
        connection.sendall(HELLO + said)
        assert is_ended(connection)


def test_an_answer_that_means_nothing_ends_the_stream(bench: Bench) -> None:
    with connected(bench) as connection:
        connection.sendall(HELLO + BEAT)
        until_leased(bench.hub, "raw")
        thread = threading.Thread(target=lambda: suppress_unavailable(bench))
        thread.start()
        with closing(connection.makefile("rb")) as lines:
            number = json.loads(lines.readline())["id"]
            connection.sendall(line({"answer": number, "result": {"in_flight": 1}}))
            assert not lines.readline()
        thread.join()


def suppress_unavailable(bench: Bench) -> None:
    with suppress(PlaneUnavailable):
        bench.hub.ask("load")


def test_a_problem_is_not_kept_at_any_length(bench: Bench) -> None:
    with connected(bench) as connection:
        connection.sendall(HELLO + line({"beat": {"obeys": "", "serving": True, "problem": "x" * 1_000_000}}))
        until(lambda: (found := edge_of(bench.hub, "raw")) and found.problem, "it is told", within=5)
        assert len(edge_of(bench.hub, "raw").problem) == 2000


def test_an_answer_that_nobody_waits_for_is_ignored(bench: Bench) -> None:
    with connected(bench) as connection:
        connection.sendall(HELLO + line({"answer": 99, "result": None}) + BEAT)
        until_leased(bench.hub, "raw")


def test_too_long_a_line_ends_the_stream(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LONGEST_LINE", 100_000)
    with connected(bench) as connection, suppress(OSError):
        connection.sendall(HELLO + b'{"beat": "' + b"x" * 2_000_000)
        assert is_ended(connection)


def test_one_connection_too_many_is_closed_and_the_next_one_is_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_MOST", 1)
    with connected(bench) as connection:
        connection.sendall(HELLO + BEAT)
        until_leased(bench.hub, "raw")
        assert not comes_in(bench)
    until(lambda: comes_in(bench), "there is room again", within=5)


def test_strangers_take_the_places_of_nobody_else(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_MOST_STRANGERS", 2)
    strangers = [socket.create_connection(("127.0.0.1", bench.port), timeout=20) for _ in range(2)]
    try:
        assert not comes_in(bench)
        assert comes_in(bench, "127.0.0.2")
    finally:
        for stranger in strangers:
            stranger.close()
    until(lambda: comes_in(bench), "they have gone", within=10)
    with connected(bench), connected(bench), connected(bench):
        assert comes_in(bench), "who has agreed on TLS is none of them"


def comes_in(bench: Bench, address: str = "127.0.0.1") -> bool:
    try:
        with connected(bench, address=address) as connection:
            connection.sendall(line({"edge": {"node": "next"}}) + BEAT)
            until_leased(bench.hub, "next")
    except OSError:
        return False
    return True


def test_who_does_not_read_gets_only_the_newest_files_then_and_holds_up_nobody(bench: Bench) -> None:
    """Sockets take a few of the lines, but not 60."""
    good = bench.edge("good")
    offers = [files(f"{number}", servers=2000, slots=65_536) for number in range(60)]  # it takes a while between beats
    with connected(bench) as connection:
        connection.sendall(HELLO + BEAT)
        until_leased(bench.hub, "raw", "good")
        for offer in offers:
            bench.hub.offer(offer)
            connection.sendall(BEAT)

        def has_the_last_ones() -> bool:
            connection.sendall(BEAT)
            return bool(good.said) and good.said[-1] == ("files", "59-f")

        until(has_the_last_ones, "the other has the last ones", within=20)
        base, count = None, 0
        with closing(connection.makefile("rb")) as lines:
            while base is None or base.digest != "59":
                connection.sendall(BEAT)
                base = files_of(json.loads(lines.readline())["files"], base)
                count += 1
        assert base == offers[-1]
        assert count < 60


def test_connections_from_then_on_have_the_new_certificate(bench: Bench) -> None:
    """And those before go on."""
    edge = bench.edge("one")
    until_leased(bench.hub, "one")
    put_edge_certificates(bench.certificates, bench.authority, HUB_NAME)
    until(lambda: shown(bench) == serial((bench.certificates / "certificate.pem").read_bytes()), "shown", within=5)
    (bench.certificates / "certificate.pem").write_text("no certificate")
    shown(bench)
    bench.hub.offer(files())
    bench.hub.wait_until_obeyed(10)
    assert edge.forms == ["whole"]


def test_a_new_authority_is_asked_for_from_then_on(bench: Bench, tmp_path: Path) -> None:
    new = trustme.CA()
    put_edge_certificates(bench.certificates, new, HUB_NAME)
    put_edge_certificates(tmp_path / "new", new, EDGE_NAME)
    with connected(bench, tmp_path / "new") as connection:
        connection.sendall(HELLO + BEAT)
        until_leased(bench.hub, "raw")


def shown(bench: Bench) -> int:
    with connected(bench) as connection:
        der = connection.getpeercert(binary_form=True)
    assert der
    return x509.load_der_x509_certificate(der).serial_number


@contextmanager
def listening(bench: Bench, name: str = "balancer.sock") -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(20)
        listener.bind(str(bench.sockets / name))
        listener.listen()
        yield listener


@pytest.mark.parametrize("name", ["balancer.sock", "control.sock"])
def test_a_tunnel_carries_bytes_both_ways(bench: Bench, name: str) -> None:
    much = bytes(range(256)) * 8192
    with listening(bench, name) as listener, connected(bench) as connection:
        connection.sendall(line({"tunnel": name}) + b"first")
        inner, _ = listener.accept()
        with inner:
            assert inner.recv(100) == b"first"
            sending = threading.Thread(target=connection.sendall, args=(much,))
            sending.start()
            assert received(inner, len(much)) == much
            sending.join()
            sending = threading.Thread(target=inner.sendall, args=(much,))
            sending.start()
            assert received(connection, len(much)) == much
            sending.join()


def test_what_the_balancer_says_before_its_end_is_delivered(bench: Bench) -> None:
    with listening(bench) as listener, connected(bench) as connection:
        connection.sendall(line({"tunnel": "balancer.sock"}))
        inner, _ = listener.accept()
        with inner:
            inner.sendall(b"x" * 300_000)
        assert received(connection, 300_000) == b"x" * 300_000
        assert is_ended(connection)


def test_what_the_edge_says_before_its_end_is_delivered(bench: Bench) -> None:
    with listening(bench) as listener, connected(bench) as connection:
        connection.sendall(line({"tunnel": "balancer.sock"}) + b"y" * 300_000)
        inner, _ = listener.accept()
        with inner:
            closing_half = threading.Thread(target=lambda: close_half(connection))
            closing_half.start()
            assert received(inner, 300_000) == b"y" * 300_000
            assert inner.recv(1) == b""
            closing_half.join()


def close_half(connection: ssl.SSLSocket) -> None:
    with suppress(OSError):
        connection.unwrap()


def test_where_the_balancer_does_not_listen_a_tunnel_ends(bench: Bench) -> None:
    with connected(bench) as connection:
        connection.sendall(line({"tunnel": "balancer.sock"}))
        assert is_ended(connection)


def test_one_tunnel_too_many_waits_for_its_turn(bench: Bench) -> None:
    with listening(bench) as listener, ExitStack() as stack:

        def ask() -> None:
            stack.enter_context(connected(bench)).sendall(line({"tunnel": "balancer.sock"}) + b"!")

        inner = []
        for _ in range(80):  # one by one: a busy machine may take longer for all at once than the hub waits
            ask()
            inner.append(stack.enter_context(listener.accept()[0]))
        ask()
        listener.settimeout(0.3)
        with pytest.raises(TimeoutError):
            listener.accept()
        listener.settimeout(20)
        inner.pop().close()
        stack.enter_context(listener.accept()[0])


def test_tunnels_and_streams_end_with_the_hub(bench: Bench) -> None:
    with listening(bench) as listener, connected(bench) as tunnel, connected(bench) as stream:
        stream.sendall(HELLO + BEAT)
        tunnel.sendall(line({"tunnel": "balancer.sock"}))
        inner, _ = listener.accept()
        until_leased(bench.hub, "raw")
        bench.hub.stop()
        with inner:
            assert inner.recv(1) == b""
        assert is_ended(tunnel)
        assert is_ended(stream)


def test_a_silent_stream_ends_with_the_lease(bench: Bench) -> None:
    with connected(bench) as connection:
        connection.sendall(HELLO + BEAT)
        until_leased(bench.hub, "raw")
        until_lost(bench.hub, "raw")
        assert is_ended(connection)
        found = edge_of(bench.hub, "raw")
        assert found
        assert found.silent_for > 0.5


def received(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            break
        parts += part
    return bytes(parts)


@pytest.mark.parametrize("node", ["a b", "!=a", "-a", "é", "a\n"])
def test_a_name_that_no_node_has_is_no_edge(bench: Bench, node: str) -> None:
    """No server starts on a lost node. The keeper refuses such a name, and with it every start."""
    with connected(bench) as connection:
        connection.sendall(line({"edge": {"node": node}}))
        assert is_ended(connection)
    assert bench.hub.edges() == ()
