"""The page, on a running deployment: what an operator sees, asks and changes there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser import browser
from tests.e2e.conftest import only_haproxy
from tests.e2e.keyed import KEYED, keys
from tests.e2e.under_load import load
from tests.page_reader import PageReader
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.chromium, only_haproxy]


@pytest.fixture(scope="module")
def chromium() -> Iterator[PageReader]:
    with browser() as driver:
        yield PageReader(driver)


@pytest.fixture
def reader(chromium: PageReader, system: System) -> PageReader:
    """The page, as soon as all of it is there."""
    chromium.open(system.control_url)
    chromium.sees("#health", "✓ Ready: 3 of 3 servers")
    chromium.sees("#ring-table", system.replicas[0])
    chromium.sees("#stream", "live")
    return chromium


def test_what_is_served_is_what_runs(reader: PageReader, system: System) -> None:
    ring = system.ring().document
    for server in ring["servers"]:
        reader.sees("#servers", server["hostname"])
    reader.sees("#ring-profile", f"version {ring['version']}")
    reader.sees("#load-summary", "requests per second")
    release = system.operate("GET", "/deploy").document["release"]["number"]
    reader.sees("#release", f"Release {release}:")
    assert reader.text("#who") == ""
    assert reader.barriers() == []
    assert reader.flaws() == []


def test_a_key_goes_where_the_lookup_says(reader: PageReader, system: System) -> None:
    reader.write("#lookup-key", "alice & bob")
    reader.type(Keys.ENTER)
    told = system.lookup("alice & bob").document
    reader.sees("#lookup-answer", f"→ {told['server']}")
    reader.sees("#lookup-answer", told["why"])


def test_a_server_is_added_seen_and_removed(reader: PageReader, system: System) -> None:
    reader.write("#add-names", "page-1")
    reader.type(Keys.ENTER)
    reader.confirm(says='POST /add {"n":1,"hostnames":["page-1"]}')
    reader.sees("#answers", f'✓ POST /add {{"n":1,"hostnames":["page-1"]}}: 4 servers: {", ".join(system.replicas)}')
    assert "page-1" in system.replicas
    reader.sees("#servers", "page-1")
    reader.sees("#event-list", "joined\npage-1")
    reader.sees("#health", "✓ Ready: 4 of 4 servers")
    reader.choose("#weigh-server", "page-1")
    reader.press("#remove")
    reader.confirm(says='DELETE /rm {"n":1,"hostnames":["page-1"]}')
    reader.sees("#answers", "✓ DELETE /rm")
    until(lambda: "page-1" not in reader.text("#servers"), "it is gone from the table", within=15)
    assert "page-1" not in system.replicas


def test_another_ring_is_compared_on_the_traffic_that_was_seen_and_applied(reader: PageReader, system: System) -> None:
    before = system.ring().document["profile"]
    assert system.put_ring({"strategy": "table", "key": KEYED}).status == 200
    with load(system, keys=keys(200)) as traffic:
        reader.sees("#ring-profile", f"key {KEYED}")
        until(lambda: reader.one("#wish-key").get_property("value") == "header", "the form has the ring", within=15)
        reader.choose("#wish-strategy", "maglev")
        reader.choose("#wish-slots", "512")
        reader.choose("#wish-hash", "crc32")
        until(lambda: counted(reader), "requests with keys were counted", within=60, pause=1)
        foretold = system.preview({"profile": {"strategy": "maglev", "slots": 512, "key": KEYED}}).document
        reader.sees("#wish-answer", f"{foretold['moved']['slots']} of 512 slots move.")
        reader.press("#apply")
        reader.confirm(says='PUT /ring {"strategy":"maglev","slots":512,"request_hash":"crc32"')
        reader.sees("#answers", "✓ PUT /ring")
        reader.sees("#ring-profile", "strategy maglev")
        assert system.ring().document["profile"]["strategy"] == "maglev"
    assert traffic.failed == 0, str(traffic)
    assert reader.flaws() == []
    assert system.put_ring(before).status == 200


def counted(reader: PageReader) -> bool:
    """Whether a comparison says what the traffic that was seen does."""
    reader.press("#wish .buttons button")
    until(lambda: "move" in reader.text("#wish-answer"), "it is compared", within=10)
    return "of the traffic that was seen moves" in reader.text("#wish-answer")


def test_a_deploy_is_followed_and_rolled_back(reader: PageReader, system: System) -> None:
    """Of so many servers that there is time to think better of it."""
    assert system.add(4).status == 200
    reader.write("#roll-environment", "MODE=new")
    reader.press("#roll .buttons button")
    reader.confirm(says='POST /deploy {"environment":{"MODE":"…"}}')
    reader.sees("#deploying", "rolling")
    until(lambda: reader.is_enabled("#roll-back"), "it can be rolled back", within=15)
    reader.press("#roll-back")
    reader.confirm(says="DELETE /deploy")
    until(lambda: "✓ DELETE /deploy" in reader.text("#answers"), "its turn has come", within=60)
    until(lambda: "rolled back" in reader.text("#deploying"), "it is rolled back", within=90)
    assert system.stage == "rolled back"
    reader.sees("#event-list", "a user wants the old release again")


def test_a_balancer_that_is_away_is_told_and_the_page_goes_on(reader: PageReader, system: System) -> None:
    system.containers.balancer.stop(timeout=0)
    reader.sees("#away", "⚠ The balancer does not answer")
    assert system.get("/home").status == 200
    system.containers.balancer.start()
    until(lambda: "✓ Ready" in reader.text("#health"), "the page has found it again", within=60)
    until(lambda: "live" in reader.text("#stream"), "events come again", within=30)
    reader.sees("#event-list", "restored")
