"""The client against a real server: what it sends, and what each failure is called."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from ringmaster.client import Client
from ringmaster.errors import Away, Refused, Unauthorized, Unknown, Unreachable
from ringmaster.place import OF_THE_SOCKET, Place
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app
from tests.unit.ringmaster.control_port import ControlPort

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
Served = Callable[..., str]


@pytest.fixture
def client(port: ControlPort) -> Client:
    return Client(Place(url=port.url, token="the~token"))


def failure(message: str) -> dict[str, str]:
    return {"message": f"<Error> {message}", "status": "failure"}


def test_the_token_goes_with_every_request(client: Client, port: ControlPort) -> None:
    client.get("/rep")
    client.change("POST", "/add", {"n": 1})
    assert {one.headers["authorization"] for one in port.asked} == {"Bearer the~token"}


def test_a_netrc_does_not_replace_the_token(
    client: Client, port: ControlPort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    client.get("/rep")
    assert port.asked[0].headers["authorization"] == "Bearer the~token"


@pytest.mark.parametrize(
    ("status", "message", "kind", "shown"),
    [
        (400, "n is missing", Refused, "n is missing (400)"),
        (401, "this needs a token", Unauthorized, "this needs a token; set RINGMASTER_TOKEN, or name a file"),
        (403, "not from there", Refused, "not from there (403)"),
        (404, 'no server named "S9" serves', Refused, 'no server named "S9" serves (404)'),
        (404, "/load does not exist here", Unknown, "this balancer has no /load: it is older than this command"),
        (409, "another change runs", Refused, "another change runs (409)"),
        (500, "S4 did not become ready", Away, "S4 did not become ready (500)"),
        (503, "The balancer is away", Away, "The balancer is away (503)"),
    ],
)
def test_every_refusal_has_its_kind_and_says_what_to_do(
    client: Client, port: ControlPort, *, status: int, message: str, kind: type[Exception], shown: str
) -> None:
    port.own["GET", "/load"] = status, failure(message)
    with pytest.raises(kind, match=re.escape(shown)) as error:
        client.get("/load")
    assert type(error.value) is kind
    assert str(error.value).startswith(shown)


def test_a_report_with_503_is_an_answer_and_the_edges_503_is_none(client: Client, port: ControlPort) -> None:
    port.own["GET", "/readyz"] = [(503, {"ready": False}), (503, failure("The balancer is away"))]
    assert client.get("/readyz", also=(503,)).document == {"ready": False}
    with pytest.raises(Away, match="The balancer is away"):
        client.get("/readyz", also=(503,))


@pytest.fixture
def served() -> Iterator[Served]:
    """Starts a server that answers each connection with the next of these bytes, and hangs up. Gives its URL."""
    serving: list[tuple[socket.socket, threading.Thread]] = []

    def serve(*answers: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))

        def work() -> None:
            with suppress(OSError):  # the test has ended, or its client has gone
                for answer in answers:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answer)

        thread = threading.Thread(target=work, daemon=True)
        serving.append((listener, thread))
        thread.start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for listener, thread in serving:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def test_a_question_is_asked_again_where_it_got_no_answer(served: Served) -> None:
    assert Client(Place(url=served(b"", OK))).get("/rep").document == {}
    with pytest.raises(Unreachable, match="nobody answers at"):
        Client(Place(url=served(b"", b"", OK))).get("/rep")


def test_a_change_is_sent_once(served: Served) -> None:
    with pytest.raises(Unreachable, match="nobody answers at"):
        Client(Place(url=served(b"", OK))).change("POST", "/add", {"n": 1})


def test_a_redirect_is_not_followed_with_the_token(served: Served) -> None:
    moved = b"HTTP/1.1 301 Moved\r\nLocation: https://elsewhere/rep\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(Refused, match="sends to https://elsewhere/rep: give that as the URL"):
        Client(Place(url=served(moved), token="the~token")).get("/rep")


def test_something_else_that_listens_there_is_told(served: Served) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"
    with pytest.raises(Refused, match="is no control port: its answer is no JSON"):
        Client(Place(url=served(page))).get("/rep")


def test_one_that_takes_too_long_is_away(port: ControlPort, client: Client, served: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = Place(url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(Away, match=r"did not answer /rep within 0\.05 s"):
            Client(place).get("/rep", timeout=0.05)


def test_over_a_unix_socket_the_client_is_this_host(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    seen: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def work() -> None:
            connection, _ = listener.accept()
            with connection:
                seen.append(connection.recv(65536))
                connection.sendall(OK)

        threading.Thread(target=work, daemon=True).start()
        place = Place(url=OF_THE_SOCKET, socket=str(path), token="the~token")
        assert Client(place).get("/ring/lookup?key=a").document == {}
    head = seen[0].decode()
    assert head.startswith("GET /ring/lookup?key=a HTTP/1.1\r\n")
    assert "Host: localhost\r\n" in head
    assert "X-Ringmaster-Client: 127.0.0.1\r\n" in head
    assert "Authorization: Bearer the~token\r\n" in head


def test_a_socket_that_nobody_listens_at_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"nobody answers at .*/control\.sock"):
        Client(Place(url=OF_THE_SOCKET, socket=str(tmp_path / "control.sock"))).get("/rep")


def test_over_tls_the_signer_has_to_be_known(balancer: InMemoryBalancer, tmp_path: Path) -> None:
    signer = trustme.CA()
    signer.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    signer.issue_cert("127.0.0.1").configure_cert(tls)
    with ControlPort(control_app(balancer), tls=tls) as port:
        assert Client(Place(url=port.url, ca=str(tmp_path / "ca.pem"))).get("/rep").status == 200
        with pytest.raises(Unreachable, match=r"the certificate is not trusted \(.*\); name who signed it: --ca FILE"):
            Client(Place(url=port.url)).get("/rep")


def test_only_over_the_socket_a_client_is_named(client: Client, port: ControlPort) -> None:
    client.get("/rep")
    assert "x-ringmaster-client" not in port.asked[0].headers
