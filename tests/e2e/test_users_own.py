"""What users bring along: the README's own image, the plug-ins of docs/examples; and a slow start of it."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from balancer.core.slot_table import Member, SlotTable
from balancer.plugins import catalogue
from tests.deployment import PROJECT, Deployment
from tests.e2e.keyed import KEYED, foretold, keys, served
from tests.own_image import own_image
from tests.polling import until
from tests.readme import blocks

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

IMAGE = "ringmaster-test-users-own:1"
APP = """
import http.server, os
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'well' if self.path == '/healthz' else os.environ['SERVER_ID'].encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(('', 8080), App).serve_forever()
"""
EXAMPLES = PROJECT / "docs" / "examples"
MODULES = ["rendezvous:Rendezvous", "hashes:CRC32C"]
RING = {"strategy": "rendezvous", "request_hash": "crc32c", "key": KEYED}
SLOW_START = 2


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """It has nothing to do with ours: another port, another heartbeat path, its own user."""
    with own_image(APP, IMAGE) as image:
        yield image


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that everybody may read: in the container it is another user who does."""
    folder = tmp_path_factory.mktemp("plugins")
    folder.chmod(0o755)
    for file in EXAMPLES.glob("*.py"):
        shutil.copyfile(file, folder / file.name)
        (folder / file.name).chmod(0o644)
    return folder


@pytest.fixture(scope="module")
def own(image: str, plugins: Path) -> Iterator[Deployment]:
    (line,) = [line for block in blocks("sh") for line in block.splitlines() if "server_image" in line]
    said = next(word.removeprefix("VARS=") for word in shlex.split(line) if word.startswith("VARS="))
    variables = json.loads(said)["ringmaster_variables"] | {"server_image": image}
    with Deployment(
        **variables, ring=RING, plugins={"directory": str(plugins), "modules": MODULES}, slow_start=SLOW_START
    ) as own:
        yield own


@pytest.fixture
def expected(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """The slots' owners as the plug-in places them here: of servers with these names, whose ring ids count from 1."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    strategy = catalogue(MODULES, at_edge=True).profile(RING).strategy

    def placed(*names: str) -> list[str]:
        members = [Member(ring_id) for ring_id in range(1, len(names) + 1)]
        table = strategy.place(members, SlotTable.empty(strategy.slots))
        return [names[ring_id - 1] for ring_id in table.owners]

    return placed


def test_an_image_of_ones_own_is_served(own: Deployment) -> None:
    bodies = {own.get("/whatever").body for _ in range(30)}
    assert bodies == {b"S1", b"S2", b"S3"}


def owners(own: Deployment) -> list[str]:
    """Of every slot. (`GET /ring` counts a hash's 900 000 request ids, which takes seconds for one in plain Python.)"""
    return list(own.operate("GET", "/ring/slots").document["owners"])


def test_requests_go_where_the_plug_ins_say(own: Deployment, expected: Callable[..., list[str]]) -> None:
    assert owners(own) == expected("S1", "S2", "S3")
    assert own.lookup("someone").document["request_hash"] == "crc32c"
    places = served(own, keys(60))
    assert places == foretold(own, keys(60))
    assert {place.server for place in places.values()} == {"S1", "S2", "S3"}


def test_a_new_server_starts_slowly(own: Deployment, expected: Callable[..., list[str]]) -> None:
    """It goes again, as the other tests know the fleet by its names."""
    whole = expected("S1", "S2", "S3", "fresh")
    began = time.monotonic()
    assert own.add(1, ["fresh"]).status == 200
    slots = [owners(own).count("fresh")]
    assert 0 < slots[0] < whole.count("fresh") / 2

    def is_warm() -> bool:
        now = owners(own)
        slots.append(now.count("fresh"))
        return now == whole

    until(is_warm, "it bears its whole weight", within=SLOW_START + 8)
    assert time.monotonic() - began >= SLOW_START
    assert slots == sorted(slots)
    assert own.rm(1, ["fresh"]).status == 200
    assert owners(own) == expected("S1", "S2", "S3")
