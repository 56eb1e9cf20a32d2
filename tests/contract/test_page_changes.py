"""What the page changes, asks before it does, and tells of the answer."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from tests.contract.page_bench import balancer, chromium, reader
from tests.page_documents import deploy, fleet
from tests.page_reader import PageReader
from tests.page_stand_in import PageStandIn, failure
from tests.polling import until

__all__ = ["balancer", "chromium", "reader"]

pytestmark = pytest.mark.chromium


@pytest.fixture
def opened(reader: PageReader, balancer: PageStandIn) -> PageReader:
    """The page, as soon as all of it is there."""
    reader.open(balancer.url)
    reader.sees("#ring-table", "S3")
    reader.sees("#release", "sample:1")
    return reader


def came(balancer: PageStandIn, count: int) -> list[tuple[str, str, object]]:
    until(lambda: len(balancer.calls) >= count, "the changes came", within=10)
    return balancer.calls


def test_servers_are_added_after_a_confirmation_that_says_how(opened: PageReader, balancer: PageStandIn) -> None:
    opened.write("#add-n", "2")
    opened.write("#add-names", "S4, S5")
    opened.write("#add-weight", "3")
    opened.type(Keys.ENTER)
    opened.sees("#confirm", "2 containers of the present release will be started, named S4, S5, with weight 3.")
    opened.confirm(says='POST /add {"n":2,"hostnames":["S4","S5"],"weight":3}')
    opened.sees("#answers", "4 servers: S1, S2, S3, S4")
    assert balancer.calls == [("POST", "/add", {"n": 2, "hostnames": ["S4", "S5"], "weight": 3})]
    opened.press("#answers-close")
    assert opened.text("#answers") == ""


@pytest.mark.parametrize("key", [Keys.ENTER, Keys.ESCAPE])
def test_nothing_is_sent_without_confirmation(opened: PageReader, balancer: PageStandIn, key: str) -> None:
    """What the dialogue offers first is to leave it."""
    opened.press("#remove")
    opened.sees("#confirm", 'DELETE /rm {"n":1,"hostnames":["S1"]}')
    assert opened.focused == "Leave it"
    opened.type(key)
    until(lambda: opened.text("#confirm") == "", "the dialogue is closed", within=5)
    assert opened.focused == "remove"
    assert balancer.calls == []


def test_a_server_is_weighed_and_removed(opened: PageReader, balancer: PageStandIn) -> None:
    opened.press("#servers tbody tr:nth-child(2) button")
    assert opened.focused == "weigh-weight"
    opened.write("#weigh-weight", "0")
    opened.type(Keys.ENTER)
    opened.sees("#confirm", "It will get no more requests, and stays.")
    opened.confirm(says='PATCH /servers/S2 {"weight":0}')
    opened.sees("#answers", "the ring has version 1")
    opened.press("#remove")
    opened.sees("#confirm", "2 servers will be left.")
    opened.confirm(says='DELETE /rm {"n":1,"hostnames":["S2"]}')
    assert came(balancer, 2) == [
        ("PATCH", "/servers/S2", {"weight": 0}),
        ("DELETE", "/rm", {"n": 1, "hostnames": ["S2"]}),
    ]


def test_a_refusal_is_told(opened: PageReader, balancer: PageStandIn) -> None:
    balancer.answers["POST", "/add"] = (409, failure("another change is running"))
    opened.press("#add button")
    opened.confirm(says='POST /add {"n":1}')
    opened.sees("#answers .wrong", '✕ POST /add {"n":1}: 409 another change is running')


def test_another_ring_is_compared_and_applied(opened: PageReader, balancer: PageStandIn) -> None:
    assert not opened.is_enabled("#apply")
    opened.choose("#wish-strategy", "ring")
    opened.choose("#wish-slots", "512")
    opened.write("#wish-virtual", "40")
    opened.write("#wish-bound", "1.25")
    opened.write("#wish-new", "1")
    opened.press("#wish summary")
    opened.write("#wish-servers [data-server=S1]", "2")
    opened.press("#wish-servers p:nth-child(3) [type=checkbox]", Keys.SPACE)
    opened.press("#wish .buttons button")
    opened.sees("#wish-answer", "of 512 slots move.")
    opened.sees("#wish-answer", "25.0 % of the traffic that was seen moves: 1,234 requests counted.")
    opened.sees("#wish-table", "new-1")
    opened.press("#heavy summary")
    opened.sees("#heavy-table", "9f3a2b11")
    opened.press("#apply")
    wanted = {"strategy": "ring", "slots": 512, "virtual_servers": 40, "key": "header:X-User", "bound": 1.25}
    opened.sees("#confirm", "4 changes, one after the other. The ring will be: strategy ring")
    opened.confirm(says='PATCH /servers/S1 {"weight":2}')
    assert came(balancer, 4) == [
        ("POST", "/add", {"n": 1}),
        ("PUT", "/ring", wanted),
        ("PATCH", "/servers/S1", {"weight": 2}),
        ("DELETE", "/rm", {"n": 1, "hostnames": ["S3"]}),
    ]


def test_what_has_changed_since_must_be_compared_again(opened: PageReader, balancer: PageStandIn) -> None:
    opened.choose("#wish-strategy", "maglev")
    opened.press("#wish .buttons button")
    opened.sees("#wish-answer", "slots move")
    assert opened.is_enabled("#apply")
    opened.choose("#wish-hash", "xxh64")
    assert not opened.is_enabled("#apply")
    opened.press("#wish .buttons button")
    until(lambda: opened.is_enabled("#apply"), "it is compared again", within=10)
    balancer.documents.version += 1
    opened.sees("#wish-answer", "The ring has changed since: compare again.")
    assert not opened.is_enabled("#apply")


def test_an_impossible_ring_says_why(opened: PageReader, balancer: PageStandIn) -> None:
    balancer.answers["POST", "/ring/preview"] = (400, failure("at most 2 servers, not 3"))
    opened.choose("#wish-strategy", "course")
    opened.press("#wish .buttons button")
    opened.sees("#wish-answer .wrong", "at most 2 servers, not 3")
    assert not opened.is_enabled("#apply")


def test_the_first_refused_change_is_the_last(opened: PageReader, balancer: PageStandIn) -> None:
    balancer.answers["POST", "/add"] = (500, failure("new-1 did not become ready"))
    opened.choose("#wish-strategy", "maglev")
    opened.write("#wish-new", "1")
    opened.press("#wish .buttons button")
    opened.sees("#wish-answer", "move")
    opened.press("#apply")
    opened.confirm(says='POST /add {"n":1}')
    opened.sees("#answers", "new-1 did not become ready")
    opened.sees("#answers", "Left out after that: PUT /ring")
    assert balancer.calls == [("POST", "/add", {"n": 1})]


def test_a_release_is_deployed_and_its_secrets_are_not_shown(opened: PageReader, balancer: PageStandIn) -> None:
    opened.write("#roll-image", "sample:2")
    opened.write("#roll-environment", "MODE=fast\nKEY=a=b")
    opened.write("#roll-more", '{"heartbeat_path":"/healthz"}')
    opened.press("#roll .buttons button")
    opened.sees("#confirm", "Different is: image, environment, heartbeat_path.")
    opened.confirm(says='"environment":{"MODE":"…","KEY":"…"}')
    wish = {"image": "sample:2", "environment": {"MODE": "fast", "KEY": "a=b"}, "heartbeat_path": "/healthz"}
    assert came(balancer, 1) == [("POST", "/deploy", wish)]
    opened.sees("#answers", "✓ POST /deploy")
    assert "a=b" not in opened.text("#answers")


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("#roll-environment", "MODE", "the environment's line MODE has no ="),
        ("#roll-more", "{", "JSON"),
        ("#roll-more", "", "say what is to be different"),
    ],
)
def test_what_is_no_release_is_not_sent(
    opened: PageReader, balancer: PageStandIn, field: str, text: str, says: str
) -> None:
    opened.write(field, text)
    opened.press("#roll .buttons button")
    opened.sees("#answers .wrong", says)
    assert balancer.calls == []


def test_a_deploy_is_rolled_back(reader: PageReader, balancer: PageStandIn) -> None:
    balancer.documents.deploy = deploy("rolling", left=2)
    reader.open(balancer.url)
    reader.sees("#deploying", "rolling")
    reader.press("#roll-back")
    reader.confirm(says="DELETE /deploy")
    reader.sees("#answers", "✓ DELETE /deploy: the deploy is rolling")
    assert came(balancer, 1) == [("DELETE", "/deploy", None)]


def test_the_form_follows_the_ring_until_somebody_uses_it(opened: PageReader, balancer: PageStandIn) -> None:
    balancer.documents.servers = fleet(4)
    balancer.documents.version += 1
    until(lambda: opened.count("#wish-servers p") == 4, "the newcomer is in the form", within=15)
    opened.write("#wish-new", "7")
    balancer.documents.servers = fleet(5)
    balancer.documents.version += 1
    opened.sees("#servers", "S5")
    assert opened.one("#wish-new").get_property("value") == "7"
