"""The edge's files, as text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from balancer.adapters.haproxy.config import edge_files
from balancer.core.hash_seed import HashSeed
from balancer.core.key_source import RANDOM, KeySource
from balancer.core.rate_limit import RateLimit
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.routes import Backend, Routes
from balancer.http.event_stream import MOST
from tests.deployment import PROJECT
from tests.edge_options import OPTIONS

GOLDEN = Path(__file__).parent / "golden"

PROFILE = replace(OPTIONS, response_timeout=60)
ROUTES = Routes(
    ("S1", "S3", "S1", "S3", "S1", "S3", "S1", "S3"),
    (
        Backend("S1", "172.18.0.3:5000"),
        Backend("S2", "172.18.0.4:5000", draining=True),
        Backend("S3", "172.18.0.5:5000"),
        Backend("S4", "172.18.0.6:5000", weight=0),
    ),
)
KEYED = replace(
    ROUTES, request_hash=REQUEST_HASHES["course"], key=KeySource.parse("cookie:session"), bound=Fraction(5, 4)
)

SEEDED = replace(ROUTES, key=KeySource.parse("header:X-User"), seed=HashSeed.of("a-secret-of-operators"))


def rendered(routes: Routes = ROUTES, **changes: object) -> str:
    return edge_files(replace(PROFILE, **changes), routes).configuration  # type: ignore[arg-type]


def fixed_digest(routes: Routes = ROUTES, **changes: object) -> str:
    return edge_files(replace(PROFILE, **changes), routes).fixed_digest  # type: ignore[arg-type]


def assert_golden(text: str, name: str, tmp_path: Path) -> None:
    """Where the change is meant, the copy that the message names becomes the golden file."""
    written = tmp_path / name
    written.write_text(text)
    golden = GOLDEN / name
    assert text == golden.read_text(), f"if that is meant: cp {written} {golden}"


def test_the_configuration_is_golden(tmp_path: Path) -> None:
    assert_golden(rendered(), "haproxy.cfg", tmp_path)


def test_the_configuration_for_the_handouts_clients_is_golden(tmp_path: Path) -> None:
    sha256 = replace(ROUTES, request_hash=REQUEST_HASHES["sha256"])
    text = rendered(
        sha256,
        course_errors=True,
        trusted_proxies=("10.0.0.0/8",),
        control_prefix="/ringmaster",
        explain=False,
        access_log="all",
    )
    assert_golden(text, "course.cfg", tmp_path)


def test_the_configuration_with_a_key_and_bounded_load_is_golden(tmp_path: Path) -> None:
    assert_golden(rendered(KEYED, course_errors=True), "bounded.cfg", tmp_path)


def test_the_configuration_with_protection_is_golden(tmp_path: Path) -> None:
    limit = RateLimit(requests=100, seconds=10, by="key")
    text = rendered(SEEDED, explain=False, trusted_proxies=("10.0.0.0/8",), max_connections=5000, rate_limit=limit)
    assert_golden(text, "protected.cfg", tmp_path)


def test_addresses_are_counted_where_requests_have_no_keys() -> None:
    limit = RateLimit(requests=7, seconds=3, by="address")
    for routes, by in ((SEEDED, "address"), (ROUTES, "address"), (ROUTES, "key")):
        text = rendered(routes, rate_limit=replace(limit, by=by))
        assert re.findall("track-sc2 (.*)$", text, re.MULTILINE) == [
            "src table rate_limit if is_ipv4",
            "src,ipmask(32,64) table rate_limit unless is_ipv4",
        ]
        assert "Retry-After 3 " in text
        assert "sc_gpc0_rate(2) ge 7 }" in text


def test_a_seed_costs_nothing_where_no_request_has_a_key() -> None:
    assert rendered(replace(SEEDED, key=RANDOM)) == rendered(ROUTES)


@pytest.mark.parametrize(
    ("most", "maxconn", "files"),
    [(0, '"${RINGMASTER_CLIENTS-40000}"', 100_000), (10, "10", 4020), (100_000, "100000", 250_000)],
)
def test_the_edge_has_files_for_its_clients_and_for_all_else(most: int, maxconn: str, files: int) -> None:
    text = rendered(max_connections=most)
    assert f"    fd-hard-limit {files}\n" in text
    public = text.partition("\nfrontend public\n")[2].partition("\nfrontend ")[0]
    assert re.findall("^    maxconn .*$", public, re.MULTILINE) == [f"    maxconn {maxconn}"]
    assert text.count(f"    maxconn {maxconn}\n") == 1  # the control port has a number of its own


def test_the_maps_are_golden(tmp_path: Path) -> None:
    for routes, name in ((ROUTES, "slots.map"), (KEYED, "bounded.map")):
        assert_golden("\n".join(edge_files(PROFILE, routes).slots_map) + "\n", name, tmp_path)


def test_only_servers_that_take_new_requests_are_started_with() -> None:
    servers = re.findall(r"^    server (S\S+) (\S+) check", rendered(), re.MULTILINE)
    assert servers == [("S1", "172.18.0.3:5000"), ("S3", "172.18.0.5:5000")]


def test_servers_of_the_file_and_of_the_runtime_have_the_same_options() -> None:
    options = re.findall(r"^    server S\d \S+ (.*)$", rendered(), re.MULTILINE)
    assert len(set(options)) == 1


def test_a_server_that_speaks_h2c_is_spoken_to_so() -> None:
    mixed = replace(ROUTES, backends=(replace(ROUTES.backends[0], protocol="h2c"), *ROUTES.backends[1:]))
    speaks = re.findall(r"^    server (S\d) .*?( proto h2)?$", rendered(mixed), re.MULTILINE)
    assert speaks == [("S1", " proto h2"), ("S3", "")]
    assert [line for line in edge_files(PROFILE, mixed).slots_map if line.startswith("h2c/")] == ["h2c/S1 1"]
    assert fixed_digest(mixed) == fixed_digest()


@pytest.mark.parametrize(("bufsize", "is_disabled"), [(8192, True), (16383, True), (16384, False)])
def test_http_2_needs_a_buffer_for_the_shortest_longest_frame(bufsize: int, is_disabled: bool) -> None:
    defaults, _, rest = rendered(bufsize=bufsize).partition("\nfrontend ")
    assert ("option disable-h2-upgrade" in defaults) is is_disabled
    assert ("is_full" in rest) is not is_disabled
    assert "option disable-h2-upgrade" in rest.partition("frontend control_port")[2]


@pytest.mark.parametrize("name", REQUEST_HASHES)
def test_every_request_hash_has_its_rules_and_its_expression(name: str) -> None:
    request_hash = REQUEST_HASHES[name]
    rules = [*request_hash.rules, f"set-var(txn.slot,ifnotexists) {request_hash.expression(8)}"]
    text = "".join(f"    http-request {rule}\n" for rule in rules)
    assert text in rendered(replace(ROUTES, request_hash=request_hash))


def test_requests_draw_six_digit_ids() -> None:
    assert "    http-request set-var-fmt(txn.key) %[rand(900000),add(100000)]\n" in rendered()


@pytest.mark.parametrize("key", ["header:X-User", "cookie:a", "query:b", "path", "address"])
def test_a_key_is_read_before_any_header_is_changed_and_its_lack_is_counted(key: str) -> None:
    lines = rendered(replace(ROUTES, key=KeySource.parse(key))).splitlines()
    rules = [line.strip() for line in lines if line.startswith("    http-request ")]
    assert rules[1] == f"http-request set-var(txn.key) {KeySource.parse(key).sample}"
    assert "http-request track-sc0 str(missing) table keyless if is_keyless !repeated" in rules
    assert "http-request set-var(txn.keyless) str(random) unless keyed" in rules
    assert "http-request set-var-fmt(txn.key) %[rand(900000),add(100000)] if is_keyless" in rules


@pytest.mark.parametrize(
    ("key", "proxies", "sample"),
    [
        ("address", (), "src,lower"),
        ("address", ("10.0.0.1",), "var(txn.client),lower"),
        ("path", ("10.0.0.1",), "path"),
    ],
)
def test_behind_a_trusted_proxy_the_key_address_is_the_clients(key: str, proxies: tuple[str, ...], sample: str) -> None:
    text = rendered(replace(ROUTES, key=KeySource(key)), trusted_proxies=proxies)
    assert f"    http-request set-var(txn.key) {sample}\n" in text


def test_servers_have_their_most_connections_and_the_way_round_has_none() -> None:
    assert most_at_once("fleet", rendered(server_max_connections=7)) == {"S1": 7, "S3": 7}
    assert most_at_once("fleet", rendered()) == {}


def test_the_places_in_the_balancer_are_fewer_than_its_threads() -> None:
    """Two threads are left for the checks of the edge and of the container. A stream beyond the most is refused by the
    balancer, not by the edge."""
    public, control = (most_at_once(name, rendered()) for name in ("control", "behind_control_port"))
    assert sum(public.values()) + sum(control.values()) <= threads() - 2
    assert control["balancer_streams"] > MOST


def most_at_once(backend: str, text: str) -> dict[str, int]:
    """server → its maxconn, for the servers of the backend that have one."""
    section = re.split(r"^(?=\S)", text.partition(f"\nbackend {backend}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return {name: int(most) for name, most in re.findall(r"^    server (\S+) .*\bmaxconn (\d+)", section, re.MULTILINE)}


def threads() -> int:
    """gunicorn's, as its settings say."""
    found = re.search(r"^threads = (\d+)$", (PROJECT / "apps/balancer/gunicorn.conf.py").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def test_connections_to_servers_are_kept_or_not() -> None:
    for kept in (True, False):
        text = rendered(server_keep_alive=kept).partition("\nbackend fleet\n")[2]
        assert ("option http-server-close" in text, "http-reuse never" in text) == (not kept, not kept)


def test_what_is_not_asked_for_costs_nothing() -> None:
    assert not re.search("stick-table|track-sc|keyed|excess", rendered())


@pytest.mark.parametrize("course_errors", [True, False])
def test_answers_tell_server_slot_and_attempt_where_they_shall(course_errors: bool) -> None:
    silent = rendered(course_errors=course_errors, explain=False)
    assert "X-Ring-" not in silent
    assert "X-Served-By" not in silent
    told = [line for line in rendered(course_errors=course_errors).splitlines() if "X-Ring-Attempt" in line]
    assert len(told) == 2 + course_errors, "of a first attempt, and of a repeated one"


@pytest.mark.parametrize(
    ("access_log", "option", "level"),
    [
        ("errors", "dontlog-normal", "info"),
        ("all", None, "info"),
        ("1%", "log-separate-errors", "notice"),
    ],
)
def test_the_log_has_all_requests_or_those_that_went_wrong(access_log: str, option: str | None, level: str) -> None:
    text = rendered(access_log=access_log)
    assert re.findall("    option (dontlog-normal|log-separate-errors)\n", text) == ([option] if option else [])
    assert f" format raw daemon {level}\n" in text


def test_a_sample_is_drawn_on_both_ports_and_only_where_it_is_wanted() -> None:
    text = rendered(access_log="0.25%")
    assert text.count("set-log-level notice if !is_failure !was_repeated { rand(1000000) lt 2500 }") == 2
    assert not re.search(r"rand\(1000000\)|log-level", rendered(access_log="all") + rendered(access_log="errors"))


@pytest.mark.parametrize("key", ["random", "header:X-User", "cookie:session_id", "query:a~b.c", "path", "address"])
def test_a_line_of_the_log_names_the_source_of_the_key_and_never_the_key(key: str) -> None:
    (line, _) = re.findall("log-format .*", rendered(replace(ROUTES, key=KeySource.parse(key))))
    missing = "" if key == "random" else ',concat(" ",txn.keyless),word(-1," ")'
    assert f'%(key)[var(txn.slot),regsub("^.*$",{key},){missing}]' in line
    assert not re.search(r"txn\.key\b", line)


def test_where_no_traceparent_is_made_a_request_costs_nothing_for_one() -> None:
    assert rendered().count("add-header traceparent") == 2 * 2, "of usual and of rare requests, on both ports"
    assert "add-header traceparent" not in rendered(traceparent="pass")


@pytest.mark.parametrize(("seconds", "milliseconds"), [(60, 60_000), (0.1, 100), (1.5, 1500), (86_400, 86_400_000)])
def test_the_response_timeout_is_written_in_milliseconds(seconds: float, milliseconds: int) -> None:
    text = rendered(response_timeout=seconds)
    assert f"    timeout server {milliseconds}ms\n" in text


@pytest.mark.parametrize(("stream_timeout", "seconds"), [(3600, 3600), (1, 70)])
def test_an_old_process_lives_as_long_as_a_request_or_a_stream_may_last(stream_timeout: float, seconds: int) -> None:
    assert f"    hard-stop-after {seconds}000ms\n" in rendered(stream_timeout=stream_timeout)


def test_a_profiles_digest_is_in_the_configuration() -> None:
    assert re.fullmatch("[0-9a-f]{16}", fixed_digest())
    assert f"description {fixed_digest()}\n" in rendered()


@pytest.mark.parametrize(
    "change",
    [
        {"slots": ("",) * 8},
        {"slots": ("S3",) * 8},
        {"backends": ()},
        {"backends": (*ROUTES.backends, Backend("S5", "172.18.0.7:5000"))},
        {"backends": (replace(ROUTES.backends[0], weight=5), *ROUTES.backends[1:])},
    ],
)
def test_a_change_of_the_fleet_is_no_change_of_the_profile(change: dict[str, object]) -> None:
    for routes in (ROUTES, KEYED):
        assert fixed_digest(replace(routes, **change)) == fixed_digest(routes)  # type: ignore[arg-type]


def test_another_bound_is_no_change_of_the_profile() -> None:
    """It is a matter of the map; that there is one is in the configuration."""
    assert fixed_digest(replace(KEYED, bound=Fraction(2))) == fixed_digest(KEYED)


@pytest.mark.parametrize(
    "change",
    [
        {"slots": ("S1", "S3") * 8},
        {"request_hash": REQUEST_HASHES["md5"]},
        {"key": KeySource("path")},
        {"bound": Fraction(5, 4)},
    ],
)
def test_what_the_configuration_takes_from_the_routes_changes_the_digest(change: dict[str, object]) -> None:
    assert fixed_digest(replace(ROUTES, **change)) != fixed_digest()  # type: ignore[arg-type]


def test_another_seed_is_another_configuration() -> None:
    seeds = (None, SEEDED.seed, HashSeed.of("another-secret-of-operators"))
    assert len({fixed_digest(replace(SEEDED, seed=seed)) for seed in seeds}) == len(seeds)


@pytest.mark.parametrize(
    "change",
    [
        {"stream_timeout": 1},
        {"queue_timeout": 1},
        {"server_max_connections": 1},
        {"server_keep_alive": False},
        {"trusted_proxies": ("10.0.0.1/32",)},
        {"control_prefix": "/ringmaster"},
        {"public_control": False},
        {"response_timeout": 61},
        {"bufsize": 16384},
        {"course_errors": True},
        {"explain": False},
        {"access_log": "all"},
        {"access_log": "1%"},
        {"traceparent": "pass"},
        {"directory": Path("/elsewhere")},
        {"max_connections": 10},
        {"rate_limit": RateLimit(requests=100, seconds=10)},
    ],
)
def test_every_part_of_the_profile_changes_the_digest(change: dict[str, object]) -> None:
    assert fixed_digest(**change) != fixed_digest()


def test_every_error_of_the_edge_is_json_in_the_shape_of_all_errors() -> None:
    found = re.findall(
        r"http-error status (\d+) content-type application/json string '(.*)'$", rendered(), re.MULTILINE
    )
    assert {int(status) for status, _ in found} >= {400, 408, 500, 502, 503, 504}
    for _, text in found:
        assert json.loads(text)["status"] == "failure"
        assert text.startswith('{"message":"<Error> ')


@pytest.mark.parametrize(("routes", "has_key"), [(KEYED, "!is_keyless"), (SEEDED, "keyed")], ids=["bounded", "seeded"])
def test_a_sample_of_the_keys_is_counted_by_one_rule_after_the_slot_is_known(routes: Routes, has_key: str) -> None:
    """A request that is not counted must cost no more than the condition, of which the random number comes first."""
    text = rendered(routes)
    (rule,) = re.findall(r"^    http-request .* table traffic .*$", text, re.MULTILINE)
    assert rule.endswith(f" table traffic if {{ rand(16) eq 0 }} {has_key}")
    before = text[: text.index(rule)]
    assert before.count("http-request set-var(txn.slot) ") == 1, "of a repeated request"
    assert before.count("http-request set-var(txn.slot,ifnotexists) ") == 1, "of this one"
    assert "stick-table type string len 16 size 8192 expire 600s store http_req_cnt" in text


def test_where_keys_are_random_nothing_is_counted() -> None:
    assert "table traffic" not in rendered()
    assert "backend traffic" not in rendered()


NO_NUMBER = re.compile(r" -m (?!int|len)|^acl \S+ (?:path|url|url_beg|req\.ver|src|srv_name|internal)\b")


@pytest.mark.parametrize("routes", [ROUTES, KEYED, SEEDED], ids=["plain", "bounded", "seeded"])
@pytest.mark.parametrize("kind", ["http-request", "http-response"])
def test_the_first_condition_of_a_phase_finds_a_number(routes: Routes, kind: str) -> None:
    """See docs/decisions/0017-a-request-goes-round.md. In the backend fleet the rule that waits comes before it."""
    for section in re.split(r"^(?=[a-z])", rendered(routes), flags=re.MULTILINE):
        lines = [line.strip() for line in section.splitlines()]
        rules = [line for line in lines if line.startswith(kind)]
        others = {line.split()[1] for line in lines if line.startswith("acl ") and NO_NUMBER.search(line)}
        # is_told_by finds something only where from_again has found a number.
        others -= {"is_told_by"}
        used = [rule for rule in rules if NO_NUMBER.search(rule) or others & set(re.findall(r"\w+", rule))]
        if used:
            first = 1 if section.startswith("backend fleet") else 0
            assert rules[first] == f"{kind} set-nice 0 if {{ int(1) eq 1 }}", section.splitlines()[0]
