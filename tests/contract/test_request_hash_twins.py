"""Every request hash and key source has one form in Python and one in HAProxy: a real HAProxy gives the same slots."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice, product
from typing import BinaryIO

import pytest

from balancer.core.hash_seed import HashSeed
from balancer.core.key_source import SOURCE_TYPES, KeySource
from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS
from tests.containers import remove
from tests.contract.haproxy_bench import edge_container, wait_until_it_listens
from tests.contract.lab import PORT, Lab
from tests.contract.twin_keys import COOKIE, HEADER, QUERY, Request, requests

pytestmark = pytest.mark.docker

COUNTS = [5_000, pytest.param(100_000, marks=pytest.mark.long)]
"""Of requests. The hand-written ones are among the first hundred."""
SOURCES = tuple(
    KeySource.parse(text)
    for text in ("random", f"header:{HEADER}", f"cookie:{COOKIE}", f"query:{QUERY}", "path", "address")
)
HASHES = tuple(REQUEST_HASHES.values())
EVERY_M = 65_536 * 65_537
"""A number of slots whose slot decides that of every power of two up to 65 536, and of 65 537."""
ORDINARY = (2, 3, 512, 1000, 65_536, 65_537)

SEEDS = (HashSeed.of("a-secret-of-operators"), HashSeed.of("another-secret-of-operators"))

WINDOW = 32
"""Requests that are on their way on one connection: what they and their answers have fits into a socket's buffer."""
SOCKETS = 4

CONFIG = """\
global
    fd-hard-limit 1000
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 1s
"""


def frontend(port: int, sources: Iterable[KeySource], moduli: Iterable[int], seed: HashSeed | None = None) -> str:
    """HAProxy answers with the length and the random key of each source, and with the slots of the key, all computed
    as at the edge. What a missing key leaves unset is empty."""
    rules, told = ["set-src req.fhdr(X-Address)"], []
    for at, source in enumerate(sources):
        drawn = f"set-var-fmt(txn.key) %[rand({len(REQUEST_IDS)}),add({REQUEST_IDS[0]})]"
        rules += ["unset-var(txn.key)", drawn if source.is_random else f"set-var(txn.key) {source.sample}"]
        rules += [f"set-var(txn.length{at}) var(txn.key),length"]
        if seed:
            rules += [f"set-var(txn.key) {seed.sample} if {{ var(txn.key),length gt 0 }}"]
        told += [f"%[var(txn.length{at})]"]
        if source.is_random:
            rules += [f"set-var(txn.drawn{at}) var(txn.key)"]
            told[-1] = f"%[var(txn.drawn{at})]"
        for number, (request_hash, modulus) in enumerate(product(HASHES, moduli)):
            rules += [*request_hash.rules, f"set-var(txn.slot{at}x{number}) {request_hash.expression(modulus)}"]
            told += [f"%[var(txn.slot{at}x{number})]"]
    answer = f'return status 200 content-type text/plain lf-string "{" ".join(told)}"'
    lines = "".join(f"    http-request {rule}\n" for rule in [*rules, answer])
    return f"frontend twins{port}\n    bind :{port}\n{lines}"


@pytest.fixture(scope="module")
def address(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("twins")
    every_source, ordinary = frontend(PORT, SOURCES, [EVERY_M]), frontend(PORT + 1, SOURCES[1:2], ORDINARY)
    seeded = [frontend(PORT + 2 + at, SOURCES[1:2], [EVERY_M], seed) for at, seed in enumerate(SEEDS)]
    (folder / "haproxy.cfg").write_text("".join((CONFIG, every_source, ordinary, *seeded)))
    container = edge_container(lab, folder)
    try:
        wait_until_it_listens(lab, container)
        yield lab.address(container)
    finally:
        remove(container)


def test_every_kind_of_key_source_is_here() -> None:
    assert {source.type for source in SOURCES} == SOURCE_TYPES.keys()


@pytest.mark.parametrize("count", COUNTS)
def test_python_and_haproxy_give_every_key_the_same_slot(address: str, count: int) -> None:
    compared = keyless = 0
    for request, answer in answered(address, PORT, requests(count)):
        told = answer.split(b" ")
        width = 1 + len(HASHES)
        for at, source in enumerate(SOURCES):
            found = told[at * width : (at + 1) * width]
            key = found[0] if source.is_random else source.read(request.message)
            if key or found[0] not in {b"", b"0"}:
                expected = [b"%d" % request_hash.slot(key, EVERY_M) for request_hash in HASHES]
                assert found[1:] == expected, (str(source), key, request.wire)
                assert source.is_random or int(found[0]) == len(key), (str(source), key, request.wire)
                compared += len(expected)
            else:
                keyless += 1
    assert compared + keyless * len(HASHES) == count * len(SOURCES) * len(HASHES)
    assert compared > 0.75 * count * len(SOURCES) * len(HASHES), (compared, keyless)


def test_random_keys_are_request_ids(address: str) -> None:
    drawn = [int(answer.split()[0]) for _, answer in answered(address, PORT, requests(2000))]
    assert set(drawn) <= set(REQUEST_IDS)
    assert len(set(drawn)) > 1900


def test_they_agree_for_ordinary_numbers_of_slots(address: str) -> None:
    pairs = list(product(HASHES, ORDINARY))
    for request, answer in answered(address, PORT + 1, requests(500)):
        key = SOURCES[1].read(request.message)
        if key:
            slots = [request_hash.slot(key, count) for request_hash, count in pairs]
            assert [int(slot) for slot in answer.split()[1:]] == slots, request.wire


@pytest.mark.parametrize("seed", SEEDS, ids=range(len(SEEDS)))
def test_they_agree_on_seeded_keys(address: str, seed: HashSeed) -> None:
    compared = 0
    for request, answer in answered(address, PORT + 2 + SEEDS.index(seed), requests(10_000)):
        key = SOURCES[1].read(request.message)
        if key:
            slots = [request_hash.slot(seed.seeded(key), EVERY_M) for request_hash in HASHES]
            assert [int(slot) for slot in answer.split()[1:]] == slots, (key, request.wire)
            compared += 1
    assert compared > 7500, compared


def answered(host: str, port: int, asked: Iterator[Request]) -> Iterator[tuple[Request, bytes]]:
    """Each request and the body of its answer. Several connections take turns: HAProxy computes while Python does."""
    with ExitStack() as opened:
        connections = [opened.enter_context(socket.create_connection((host, port), timeout=10)) for _ in range(SOCKETS)]
        replies = [opened.enter_context(connection.makefile("rb")) for connection in connections]
        on_the_way: list[list[Request]] = [[] for _ in connections]
        while True:
            for connection, reply, waiting in zip(connections, replies, on_the_way, strict=True):
                yield from [(request, _body(reply, request)) for request in waiting]
                waiting[:] = islice(asked, WINDOW)
                connection.sendall(b"".join(request.wire for request in waiting))
            if not any(on_the_way):
                return


def _body(reply: BinaryIO, request: Request) -> bytes:
    status = reply.readline()
    assert b" 200 " in status, (status, request.wire)
    length = 0
    while (line := reply.readline()) != b"\r\n":
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return reply.read(length)
