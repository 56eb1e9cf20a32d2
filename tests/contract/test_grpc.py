"""gRPC through the edge, with gRPC's own client and server."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import grpc
import pytest

from balancer.core.key_source import KeySource
from balancer.core.protocol import H2_BUFSIZE
from balancer.core.routes import Backend
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import PORT, Lab
from tests.contract.plane_bench import SLOTS, all_to, with_slots
from tests.contract.protocol_servers import GRPC, answers, backends
from tests.polling import until

pytestmark = pytest.mark.docker

TIMEOUT = 20
SERVICE = "/test.Echo/"


class Client:
    """A channel to the edge. Messages are bytes."""

    def __init__(self, bench: HaproxyBench) -> None:
        self._channel = grpc.insecure_channel(
            f"{bench.host}:{PORT}", options=[("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 1)]
        )
        self.close = self._channel.close

    def unary(
        self, method: str, request: bytes = b"", *, timeout: float = TIMEOUT, metadata: tuple[tuple[str, str], ...] = ()
    ) -> bytes:
        call: Callable[..., bytes] = self._channel.unary_unary(SERVICE + method)
        return call(request, timeout=timeout, metadata=metadata)

    def failure(self, method: str, request: bytes = b"", *, timeout: float = TIMEOUT) -> grpc.RpcError:
        with pytest.raises(grpc.RpcError) as failed:
            self.unary(method, request, timeout=timeout)
        return failed.value

    def many(self, request: bytes) -> list[bytes]:
        return list(self._channel.unary_stream(SERVICE + "Many")(request, timeout=TIMEOUT))

    def total(self, requests: Iterator[bytes]) -> bytes:
        answer: bytes = self._channel.stream_unary(SERVICE + "Sum")(requests, timeout=TIMEOUT)
        return answer

    def talk(self, requests: Iterator[bytes]) -> Iterator[bytes]:
        yield from self._channel.stream_stream(SERVICE + "Talk")(requests, timeout=TIMEOUT)


@pytest.fixture(scope="module")
def grpc_servers(lab: Lab) -> tuple[Backend, ...]:
    return backends(lab, "grpc_server", GRPC, "G1", "G2", "G3")


@pytest.fixture
def bench(haproxy_bench: HaproxyBench, grpc_servers: tuple[Backend, ...]) -> HaproxyBench:
    haproxy_bench.change(bufsize=H2_BUFSIZE)
    haproxy_bench.plane.apply(all_to(*grpc_servers))
    return haproxy_bench


@pytest.fixture
def client(bench: HaproxyBench) -> Iterator[Client]:
    client = Client(bench)
    yield client
    client.close()


def test_calls_of_all_four_kinds_pass(client: Client) -> None:
    assert client.unary("Who") == b"G1"
    assert client.many(b"500") == [str(number).encode() for number in range(500)]
    assert client.total(str(number).encode() for number in range(500)) == b"124750"
    assert list(client.talk(iter([b"a", b"b", b"c"]))) == [b"a", b"b", b"c"]


def test_a_long_message_passes(client: Client) -> None:
    message = b"x" * 1_000_000
    assert list(client.talk(iter([message, message]))) == [message, message]


def test_each_message_of_a_call_in_both_directions_is_answered_before_the_next_one(client: Client) -> None:
    """Nothing waits for the end of a request."""
    answered = threading.Semaphore(0)

    def requests() -> Iterator[bytes]:
        for number in range(5):
            yield str(number).encode()
            assert answered.acquire(timeout=5)

    for number, answer in enumerate(client.talk(requests())):
        assert answer == str(number).encode()
        answered.release()


def test_an_error_comes_with_its_details_and_trailers(client: Client) -> None:
    error = client.failure("Fail")
    assert (error.code(), error.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "not like this")
    assert dict(error.trailing_metadata())["x-why"] == "because"
    assert client.failure("Missing").code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_deadline_ends_a_call_and_frees_its_place(client: Client, bench: HaproxyBench) -> None:
    began = time.monotonic()
    assert client.failure("Sleep", b"12", timeout=0.5).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < 11
    until(lambda: bench.plane.activity()["G1"].in_flight == 0, "the place is free", within=2)


def test_calls_on_one_connection_count_each_for_itself(client: Client, bench: HaproxyBench) -> None:
    with ThreadPoolExecutor(5) as pool:
        calls = [pool.submit(client.unary, "Sleep", b"1.5") for _ in range(5)]
        until(lambda: bench.plane.activity()["G1"].in_flight == 5, "five calls are counted", within=2)
        assert {call.result() for call in calls} == {b"G1"}
    until(lambda: bench.plane.activity()["G1"].in_flight == 0, "none is counted", within=2)


def test_a_server_hears_that_trailers_are_welcome_and_of_the_forwarding(client: Client) -> None:
    """gRPC's server keeps `te` to itself; it refuses a call without it where it is strict."""
    told = json.loads(client.unary("Metadata", metadata=(("x-own", "1"),)))
    assert (told["x-own"], told["x-forwarded-proto"]) == ("1", "http")


def test_a_key_in_the_metadata_chooses_the_server(
    client: Client, bench: HaproxyBench, grpc_servers: tuple[Backend, ...]
) -> None:
    slots = tuple(f"G{1 + slot % 3}" for slot in range(SLOTS))
    bench.plane.apply(with_slots(slots, grpc_servers, key=KeySource.parse("header:X-User")))
    chosen = {
        user: {client.unary("Who", metadata=(("x-user", user),)) for _ in range(5)}
        for user in ("a", "b", "c", "d", "e")
    }
    assert all(len(servers) == 1 for servers in chosen.values())
    assert len({server for servers in chosen.values() for server in servers}) > 1
    assert bench.plane.keyless() == 0


def test_a_call_that_its_server_does_not_survive_is_unavailable_and_never_sent_again(
    lab: Lab, bench: HaproxyBench
) -> None:
    """A call is a POST. Whether it is sent again is for the client's own policy to say. 200 calls, one of which kills
    its server: at most those that were at it fail, and each call reaches one server at most."""
    mortal, *others = backends(lab, "grpc_server", GRPC, "M1", "M2", "M3")
    bench.plane.apply(with_slots(("M1",) * 2 + ("M2",) * 3 + ("M3",) * 3, (mortal, *others)))
    client = Client(bench)
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def call(number: int) -> None:
        try:
            client.unary("Exit" if number == 100 else "Sleep", b"0.01")
            outcome = "answered"
        except grpc.RpcError as error:
            outcome = str(error.code())
        with lock:
            outcomes[outcome] += 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(200)))
    client.close()
    assert outcomes["answered"] + outcomes["StatusCode.UNAVAILABLE"] == 200
    assert 1 <= outcomes["StatusCode.UNAVAILABLE"] <= 8
    assert sum(alive(server) for server in (mortal, *others)) == 2


def alive(server: Backend) -> bool:
    return answers(server, GRPC)


def test_a_change_of_servers_loses_no_call(bench: HaproxyBench, grpc_servers: tuple[Backend, ...]) -> None:
    """As a roll does it: the map names the new server, then the old one drains."""
    client, ended = Client(bench), threading.Event()
    failures: list[str] = []
    served: Counter[bytes] = Counter()

    def load() -> None:
        while not ended.is_set():
            try:
                served[client.unary("Who")] += 1
            except grpc.RpcError as error:
                failures.append(f"{error.code()} {error.details()}")

    with ThreadPoolExecutor(4) as pool:
        loads = [pool.submit(load) for _ in range(4)]
        for _ in range(5):
            for owner in grpc_servers:
                others = tuple(replace(server, draining=True) for server in grpc_servers if server != owner)
                bench.plane.apply(with_slots((owner.instance,) * SLOTS, (owner, *others)))
                bench.obey(bench.plane, all_to(owner))
        ended.set()
        for done in loads:
            done.result()
    client.close()
    assert failures == []
    assert len(served) == 3
