"""Every request hash has two forms, Python's and HAProxy's. A real HAProxy gives the same slots as Python."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest

from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS
from tests.contract.haproxy_bench import edge_container, wait_until_it_listens
from tests.contract.lab import PORT, Lab, remove

pytestmark = pytest.mark.docker

SLOTS = (2, 512, 65_536)
IDS = [*REQUEST_IDS[:100], *random.Random(0).sample(REQUEST_IDS, 2_000), *REQUEST_IDS[-100:]]  # noqa: S311
PAIRS = [(name, slots) for name in REQUEST_HASHES for slots in SLOTS]

CONFIG = """\
global
    fd-hard-limit 1000
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 1s
frontend twins
    bind :{port}
    http-request set-var-fmt(txn.key) %[req.hdr(Key)]
{assignments}
    http-request return status 200 content-type text/plain lf-string "{answer}"
"""


def config() -> str:
    """HAProxy answers with the slots of the key in a header, one for every pair, as the edge computes them."""
    assignments = [
        f"    http-request set-var(txn.slot{number}) {REQUEST_HASHES[name].expression(slots)}"
        for number, (name, slots) in enumerate(PAIRS)
    ]
    answer = " ".join(f"%[var(txn.slot{number})]" for number in range(len(PAIRS)))
    return CONFIG.format(port=PORT, assignments="\n".join(assignments), answer=answer)


@pytest.fixture(scope="module")
def answers(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[list[int]]]:
    """For each of IDS what HAProxy says, in the order of PAIRS."""
    folder = tmp_path_factory.mktemp("twins")
    (folder / "haproxy.cfg").write_text(config())
    container = edge_container(lab, folder)
    try:
        wait_until_it_listens(lab, container)
        with closing(HTTPConnection(lab.address(container), PORT, timeout=10)) as connection:
            yield [_slots(connection, str(request_id)) for request_id in IDS]
    finally:
        remove(container)


@pytest.mark.parametrize("slots", SLOTS)
@pytest.mark.parametrize("name", REQUEST_HASHES)
def test_haproxy_and_python_agree(answers: list[list[int]], name: str, slots: int) -> None:
    column = PAIRS.index((name, slots))
    haproxy = {request_id: row[column] for request_id, row in zip(IDS, answers, strict=True)}
    assert haproxy == {request_id: REQUEST_HASHES[name].slot(str(request_id), slots) for request_id in IDS}


def _slots(connection: HTTPConnection, key: str) -> list[int]:
    connection.request("GET", "/", headers={"Key": key})
    return [int(slot) for slot in connection.getresponse().read().split()]
