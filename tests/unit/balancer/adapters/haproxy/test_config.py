"""The edge's files, as text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from balancer.adapters.haproxy.config import ConfigRenderer, EdgeProfile, slots_map
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.routes import Backend, Routes

GOLDEN = Path(__file__).parent / "golden"

PROFILE = EdgeProfile(
    directory=Path("/run/ringmaster"),
    request_hash=REQUEST_HASHES["crc32"],
    slots=8,
    heartbeat_path="/heartbeat",
    response_timeout=60,
    course_errors=False,
)
ROUTES = Routes(
    ("S1", "S3", "S1", "S3", "S1", "S3", "S1", "S3"),
    (
        Backend("S1", "172.18.0.3:5000"),
        Backend("S2", "172.18.0.4:5000", draining=True),
        Backend("S3", "172.18.0.5:5000"),
    ),
)


def rendered(routes: Routes = ROUTES, **changes: object) -> str:
    return ConfigRenderer(replace(PROFILE, **changes)).render(routes)  # type: ignore[arg-type]


def assert_golden(text: str, name: str, tmp_path: Path) -> None:
    """Where the change is meant, the copy that the message names becomes the golden file."""
    written = tmp_path / name
    written.write_text(text)
    golden = GOLDEN / name
    assert text == golden.read_text(), f"if that is meant: cp {written} {golden}"


def test_the_configuration_is_golden(tmp_path: Path) -> None:
    assert_golden(rendered(), "haproxy.cfg", tmp_path)


def test_the_configuration_for_the_handouts_clients_is_golden(tmp_path: Path) -> None:
    assert_golden(
        rendered(course_errors=True, request_hash=REQUEST_HASHES["sha256"], heartbeat_path="/up?deep=1"),
        "course.cfg",
        tmp_path,
    )


def test_the_map_is_golden(tmp_path: Path) -> None:
    assert_golden(slots_map(ROUTES) + "\n", "slots.map", tmp_path)


def test_an_empty_ring_has_a_map_with_nothing_but_its_digest() -> None:
    empty = Routes(("",) * 8, ())
    assert slots_map(empty) == f"digest {empty.digest}"


def test_a_map_has_no_empty_line_for_the_runtime_api_to_stumble_over() -> None:
    assert all(line.strip() for line in slots_map(ROUTES).split("\n"))


def test_only_servers_that_take_new_requests_are_started_with() -> None:
    servers = re.findall(r"^    server (\S+) (\S+) check", rendered(), re.MULTILINE)
    assert servers == [("S1", "172.18.0.3:5000"), ("S3", "172.18.0.5:5000")]


def test_servers_of_the_file_and_of_the_runtime_have_the_same_options() -> None:
    options = re.findall(r"^    server S\d \S+ (.*)$", rendered(), re.MULTILINE)
    assert len(set(options)) == 1


@pytest.mark.parametrize("name", REQUEST_HASHES)
def test_every_request_hash_has_its_expression(name: str) -> None:
    request_hash = REQUEST_HASHES[name]
    line = f"    http-request set-var(txn.slot) {request_hash.expression(8)}\n"
    assert line in rendered(request_hash=request_hash)


def test_requests_draw_six_digit_ids() -> None:
    assert "set-var-fmt(txn.key) %[rand(900000),add(100000)]" in rendered()


@pytest.mark.parametrize(("seconds", "milliseconds"), [(60, 60_000), (0.1, 100), (1.5, 1500), (86_400, 86_400_000)])
def test_the_response_timeout_is_written_in_milliseconds(seconds: float, milliseconds: int) -> None:
    assert f"    timeout server {milliseconds}ms\n" in rendered(response_timeout=seconds)


def test_a_digest_names_the_profile_and_not_the_fleet() -> None:
    digest = ConfigRenderer(PROFILE).digest
    assert re.fullmatch("[0-9a-f]{16}", digest)
    assert f"description {digest}\n" in rendered()
    assert f"description {digest}\n" in rendered(Routes(("",) * 8, ()))


@pytest.mark.parametrize(
    "change",
    [
        {"slots": 16},
        {"request_hash": REQUEST_HASHES["md5"]},
        {"heartbeat_path": "/up"},
        {"response_timeout": 61},
        {"course_errors": True},
        {"directory": Path("/elsewhere")},
    ],
)
def test_every_part_of_the_profile_changes_the_digest(change: dict[str, object]) -> None:
    other = replace(PROFILE, **change)  # type: ignore[arg-type]
    assert ConfigRenderer(other).digest != ConfigRenderer(PROFILE).digest


def test_every_error_of_the_edge_is_json_in_the_shape_of_all_errors() -> None:
    found = re.findall(
        r"http-error status (\d+) content-type application/json string '(.*)'$", rendered(), re.MULTILINE
    )
    assert {int(status) for status, _ in found} >= {400, 408, 500, 502, 503, 504}
    for _, text in found:
        assert json.loads(text)["status"] == "failure"
        assert text.startswith('{"message":"<Error> ')
