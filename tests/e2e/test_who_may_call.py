"""Who may call control, on the real system: no server, no web page of somebody else, and each token as far as its role
goes. Each plane has a deployment of its own, with the operator's token and named ones."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from balancer.service.change_queue import MOST_WAITING
from tests.browser import browser
from tests.containers import run_in, started
from tests.deployment import Deployment
from tests.http_client import Answer, ask
from tests.polling import until
from tests.serving import serving

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

TOKEN = "the-operators-token-of-this-test~1"  # noqa: S105 (it guards nothing)
ALICE, BOB, CAROL = "alices-very-long-token-1", "bobs-very-long-token-2", "carols-very-long-token-3"
READ, CHANGE = "read", "change"

ASK = """
import http.client, json, sys
asked = []
for host, port, method, path in json.loads(sys.argv[1]):
    try:
        connection = http.client.HTTPConnection(host, port, timeout=5)
        connection.request(method, path, body=b'{"n":1}' if method != "GET" else None)
        answer = connection.getresponse()
        asked.append([answer.status, answer.read().decode()])
    except OSError as error:
        asked.append([0, type(error).__name__])
print(json.dumps(asked))
"""
"""Asks from inside a container, and prints statuses and bodies; 0 where nobody answers."""

PUBLIC = [("GET", "/rep"), ("POST", "/add"), ("DELETE", "/rm")]
CONTROL = [
    *PUBLIC,
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/events"),
    ("PUT", "/ring"),
    ("POST", "/deploy"),
    ("PATCH", "/servers/S1"),
]


@pytest.fixture(scope="module")
def tokens_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokens")
    folder.chmod(0o755)
    write(folder / "tokens.json", alice=(ALICE, CHANGE), bob=(BOB, READ))
    return folder / "tokens.json"


@pytest.fixture(scope="module")
def deployment(plane: str, tokens_file: Path) -> Iterator[Deployment]:
    with Deployment(
        data_plane=plane,
        replicas=2,
        token=TOKEN,
        tokens_file=str(tokens_file),
        control_hosts=["ring.example"],
        heartbeat={"interval": 0.5, "strikes": 6},
    ) as deployment:
        yield deployment


def write(path: Path, **tokens: tuple[str, str]) -> None:
    """Puts a new file in the place of the old one. `tokens`: name → token and role."""
    entries = {
        name: {"sha256": sha256(token.encode()).hexdigest(), "role": role} for name, (token, role) in tokens.items()
    }
    new = path.with_name("new")
    new.write_text(json.dumps(entries))
    new.chmod(0o644)
    new.rename(path)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def add(deployment: Deployment, token: str = TOKEN, **headers: str) -> Answer:
    return ask("POST", deployment.url, "/add", body=b'{"n":1}', headers={**bearer(token), **headers})


def from_inside(deployment: Deployment, asked: list[tuple[str, int, str, str]]) -> list[tuple[int, str]]:
    server = deployment.containers.servers[deployment.replicas[0]]
    return [tuple(pair) for pair in json.loads(run_in(server, "python3", "-c", ASK, json.dumps(asked)))]


# The servers' network


def test_a_server_cannot_call_control(deployment: Deployment, plane: str) -> None:
    before = deployment.standing
    door = "ringmaster-edge" if plane == "haproxy" else "ringmaster-balancer"
    asked = [(door, 5000, *question) for question in PUBLIC] + [(door, 5001, *question) for question in CONTROL]
    for question, (status, body) in zip(asked, from_inside(deployment, asked), strict=True):
        assert status == 403, (question, status, body)
        assert "this comes from the servers' network" in json.loads(body)["message"]
    assert deployment.standing == before


def test_behind_the_edge_nobody_reaches_the_balancer_itself(deployment: Deployment, plane: str) -> None:
    asked = [("ringmaster-balancer", port, "GET", "/readyz") for port in (5000, 5001)]
    expected = 0 if plane == "haproxy" else 403
    statuses = [status for status, _ in from_inside(deployment, asked)]
    assert statuses[1] == expected
    if plane == "haproxy":
        assert statuses[0] == 0


def test_a_server_still_reaches_servers_the_fleet_and_the_host(deployment: Deployment, plane: str) -> None:
    door = "ringmaster-edge" if plane == "haproxy" else "ringmaster-balancer"
    _, other = deployment.replicas
    network = next(iter(deployment.containers.balancer.attrs["NetworkSettings"]["Networks"].values()))
    host = ThreadingHTTPServer((network["Gateway"], 0), Page)
    with serving(host):
        asked = [
            (other, 5000, "GET", "/home"),
            (door, 5000, "GET", "/home"),
            (network["Gateway"], host.server_port, "GET", "/"),
        ]
        assert [status for status, _ in from_inside(deployment, asked)] == [200, 200, 200]


def test_a_container_that_joins_the_network_later_is_refused_too(deployment: Deployment, plane: str) -> None:
    """And one that connects the door to a network of its own: there it is a neighbour as well."""
    engine = deployment.containers.engine
    door = deployment.containers.edge if plane == "haproxy" else deployment.containers.balancer
    image = deployment.containers.servers[deployment.replicas[0]].image
    mine = engine.networks.create(f"{deployment.deployment}-mine")
    try:
        mine.connect(deployment.containers.balancer, aliases=["balancer"])
        if plane == "haproxy":
            mine.connect(door, aliases=["door"])
        asked = [("door" if plane == "haproxy" else "balancer", 5001, "GET", "/healthz")]
        output = engine.containers.run(
            image, ["-c", ASK, json.dumps(asked)], entrypoint="python3", network=mine.name, remove=True
        )
        [[status, body]] = json.loads(output)
        assert (status, "servers' network" in body) == (403, True), body
    finally:
        for container in {deployment.containers.balancer, door}:
            mine.disconnect(container)
        mine.remove()


# Web pages


FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "evil.example:5000"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:3000"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_what_a_foreign_page_sends_changes_nothing(deployment: Deployment, headers: dict[str, str]) -> None:
    before = deployment.standing
    for base, method, path in [
        *[(deployment.url, *question) for question in PUBLIC],
        *[(deployment.control_url, *question) for question in CONTROL],
        (deployment.url, "OPTIONS", "/add"),
        (deployment.control_url, "OPTIONS", "/ring"),
    ]:
        answer = ask(method, base, path, body=b'{"n":1}', headers={**deployment.authorization, **headers})
        assert answer.status == 403, (base, method, path, str(answer))
        assert answer.document["status"] == "failure"
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert deployment.standing == before


def test_a_foreign_page_may_ask_the_servers(deployment: Deployment) -> None:
    for headers in FOREIGN:
        assert ask("GET", deployment.url, "/home", headers=headers).status == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "ring.example", "[::1]", "192.0.2.7"])
def test_our_own_names_and_addresses_are_fine(deployment: Deployment, host: str) -> None:
    port = deployment.url.rpartition(":")[2]
    headers = {"Host": f"{host}:{port}", "Origin": f"http://{host}:{port}", "Sec-Fetch-Site": "same-origin"}
    assert ask("GET", deployment.url, "/rep", headers=headers).status == 200
    assert ask("GET", deployment.control_url, "/ring", headers={**bearer(TOKEN), **headers}).status == 200


class Page(BaseHTTPRequestHandler):
    """A web page of somebody else."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>evil</title><link rel=icon href=data:>")

    def log_message(self, *_: Any) -> None:
        pass


ATTACK = """
const [target, done] = [arguments[0], arguments[arguments.length - 1]];
const simple = {method: "POST", mode: "no-cors", body: '{"n":1}', headers: {"Content-Type": "text/plain"}};
const tries = [
    fetch(target + "/add", simple).then(answer => `sent ${answer.type}`),
    fetch(target + "/rm", {method: "DELETE", body: '{"n":1}'}).then(answer => `read ${answer.status}`),
    fetch(target + "/rep").then(answer => `read ${answer.status}`),
];
Promise.allSettled(tries).then(all => done(all.map(each => each.value ?? "blocked")));
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[WebDriver]:
    """A browser to which evil.example is this machine."""
    with browser("--host-resolver-rules=MAP evil.example 127.0.0.1") as chromium:
        yield chromium


@pytest.fixture
def page(chromium: WebDriver) -> Iterator[WebDriver]:
    """What it shows asks nobody any more when the test has ended."""
    yield chromium
    chromium.get("about:blank")


def test_a_page_in_a_real_browser_changes_and_reads_nothing(deployment: Deployment, page: WebDriver) -> None:
    """Also where its name leads to our address (DNS rebinding), so that the browser takes us for the page's own."""
    before = deployment.standing
    port = deployment.url.rpartition(":")[2]
    elsewhere = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    with serving(elsewhere):
        page.get(f"http://evil.example:{elsewhere.server_port}/")
        assert page.execute_async_script(ATTACK, deployment.url) == ["sent opaque", "blocked", "blocked"]
        page.get(f"http://evil.example:{port}/home")  # a server's page, under a name that is not ours
        assert page.execute_async_script(ATTACK, "") == ["sent basic", "read 403", "read 403"]
    assert deployment.standing == before


@pytest.mark.parametrize(
    ("path", "shown"), [("/", "Ringmaster"), ("/readyz", "a web page of another origin asks for this")]
)
def test_a_foreign_pages_link_leads_to_the_page_and_nowhere_else(
    deployment: Deployment, page: WebDriver, path: str, shown: str
) -> None:
    elsewhere = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    with serving(elsewhere):
        page.get(f"http://evil.example:{elsewhere.server_port}/")
        page.execute_script("location = arguments[0]", deployment.control_url + path)
        until(lambda: shown in page.title + page.page_source, f"{path} shows {shown}", within=10)


# Tokens


def test_a_token_goes_as_far_as_its_role(deployment: Deployment) -> None:
    before = deployment.standing
    for token, read, change in ((TOKEN, 200, 200), (ALICE, 200, 200), (BOB, 200, 403), ("unknown", 401, 401)):
        assert ask("GET", deployment.control_url, "/ring", headers=bearer(token)).status == read
        preview = ask("POST", deployment.control_url, "/ring/preview", body=b"{}", headers=bearer(token))
        assert preview.status == read
        weight = ask("PATCH", deployment.control_url, "/servers/S1", body=b'{"weight":1}', headers=bearer(token))
        assert weight.status == change
        refused = ask("POST", deployment.url, "/add", body=b'{"n":0}', headers=bearer(token))
        assert refused.status == {200: 400}.get(change, change)
    assert deployment.standing == before


def test_tokens_are_rotated_without_a_restart(deployment: Deployment, tokens_file: Path) -> None:
    run = started(deployment.containers.balancer)

    def status(token: str) -> int:
        return ask("GET", deployment.control_url, "/ring", headers=bearer(token)).status

    def ailments() -> dict[str, str]:
        return dict(deployment.readyz().document["ailments"])

    try:
        write(tokens_file, alice=(CAROL, CHANGE))
        until(lambda: status(CAROL) == 200, "the new token counts", within=3)
        assert (status(ALICE), status(BOB), status(TOKEN)) == (401, 401, 200)
        tokens_file.write_text('{"alice": ')
        until(lambda: "tokens" in ailments(), "the broken file is told", within=3)
        assert status(CAROL) == 200
        tokens_file.unlink()
        until(lambda: status(CAROL) == 401, "without a file no named token counts", within=3)
        until(lambda: "it is not there" in ailments().get("tokens", ""), "the missing file is told", within=3)
    finally:
        write(tokens_file, alice=(ALICE, CHANGE), bob=(BOB, READ))
    until(lambda: status(ALICE) == 200, "the old tokens count again", within=3)
    until(lambda: not ailments(), "nothing ails any more", within=3)
    assert started(deployment.containers.balancer) == run


def test_a_link_opens_one_session_that_goes_as_far_as_its_token(deployment: Deployment) -> None:
    since = time.time()
    link = ask("POST", deployment.control_url, "/sessions/links", headers=bearer(BOB))
    code = json.dumps({"code": link.document["code"]}).encode()
    session = ask("POST", deployment.control_url, "/sessions", body=code).document
    assert (link.status, session["name"], session["role"]) == (201, "bob", READ)
    assert ask("POST", deployment.control_url, "/sessions", body=code).status == 401
    assert ask("GET", deployment.control_url, "/ring", headers=bearer(session["token"])).status == 200
    assert add(deployment, session["token"]).status == 403
    logs = deployment.containers.logs("balancer", since=since) + deployment.containers.logs("edge", since=since)
    assert not [secret for secret in (link.document["code"], session["token"]) if secret in logs]


def test_every_change_is_told_with_who_and_from_where_and_no_token_is(deployment: Deployment) -> None:
    begin = deployment.operate("GET", "/events").document["next"]
    since = time.time()
    ask("PATCH", deployment.control_url, "/servers/S1", body=b'{"weight":1}', headers=bearer(ALICE))
    add(deployment, BOB)
    ask("DELETE", deployment.url, "/rm", body=b'{"n":9}', headers=bearer(TOKEN))
    events = deployment.operate("GET", f"/events?since={begin}&kind=change").document["events"]
    told = [(event["facts"]["who"], event["facts"]["method"], event["facts"]["status"]) for event in events]
    assert told == [("alice", "PATCH", 200), ("operator", "DELETE", 400)]
    gateway = next(iter(deployment.containers.balancer.attrs["NetworkSettings"]["Networks"].values()))["Gateway"]
    assert {event["facts"]["client"] for event in events} == {gateway}
    assert "too many" in events[1]["reason"]
    until(lambda: told_of_bob(deployment, since), "the log tells of bob", within=15, pause=0.5)
    told_all = deployment.containers.logs("balancer", since=since) + json.dumps(events)
    assert not [token for token in (ALICE, BOB, TOKEN) if token in told_all]


def told_of_bob(deployment: Deployment, since: float) -> bool:
    """Only so many refusals are logged within ten seconds, and tests before this one were refused, too."""
    assert add(deployment, BOB).status == 403
    return "the token bob may only read" in deployment.containers.logs("balancer", since=since)


# The crowd


def test_of_forty_changes_at_once_the_surplus_is_refused_and_questions_are_answered(deployment: Deployment) -> None:
    before = deployment.replicas
    with ThreadPoolExecutor(40) as users:
        asked = [users.submit(add, deployment) for _ in range(40)]
        until(lambda: sum(each.done() for each in asked) >= 40 - 3 * MOST_WAITING, "the surplus is refused", within=5)
        for path, base in (
            ("/rep", deployment.url),
            ("/readyz", deployment.control_url),
            ("/events", deployment.control_url),
        ):
            began = time.monotonic()
            assert ask("GET", base, path, headers=bearer(TOKEN)).status in (200, 503)
            assert time.monotonic() - began < 5
        answers = [each.result(60) for each in asked]
    counted = Counter(answer.status for answer in answers)
    assert set(counted) == {200, 429}, counted
    assert counted[200] >= 1 + MOST_WAITING
    assert {answer.headers["Retry-After"] for answer in answers if answer.status == 429} == {"5"}
    assert len(deployment.replicas) == len(before) + counted[200]
    left = [name for name in deployment.replicas if name not in before]
    assert deployment.rm(len(left), left).status == 200
