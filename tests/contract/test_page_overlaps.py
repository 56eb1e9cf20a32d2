"""What the page does when answers come late, twice or after their visit has ended."""

from __future__ import annotations

import threading

import pytest
from selenium.webdriver.common.keys import Keys

from tests.contract.page_bench import TOKEN, balancer, chromium, guarded, reader
from tests.page_documents import Documents, event, fleet
from tests.page_reader import PageReader
from tests.page_stand_in import PageStandIn
from tests.polling import until

__all__ = ["balancer", "chromium", "guarded", "reader"]

pytestmark = pytest.mark.chromium


def opened(reader: PageReader, balancer: PageStandIn) -> None:
    reader.open(balancer.url)
    reader.sees("#ring-table", "S3")
    reader.sees("#release", "sample:1")
    reader.sees("#stream", "live")


def test_an_older_lookup_does_not_replace_a_newer_one(reader: PageReader, balancer: PageStandIn) -> None:
    opened(reader, balancer)
    late = threading.Event()
    balancer.held["GET", "/ring/lookup"] = [late]
    reader.write("#lookup-key", "first")
    reader.type(Keys.ENTER)
    until(lambda: "/ring/lookup" in balancer.asked, "the first is asked", within=10)
    reader.write("#lookup-key", "second")
    reader.type(Keys.ENTER)
    slot = balancer.documents.lookup("second")["slot"]
    reader.sees("#lookup-answer", f"slot {slot}")
    late.set()
    until(lambda: answered(reader, "/ring/lookup") == 2, "both are answered", within=10)
    assert f"slot {slot}" in reader.text("#lookup-answer")


def answered(reader: PageReader, path: str) -> int:
    """How often the browser had an answer."""
    script = "return performance.getEntriesByType('resource').filter(({name}) => name.includes(arguments[0])).length"
    return int(reader.driver.execute_script(script, path))


def test_what_was_compared_cannot_be_applied_once_the_form_says_something_else(
    reader: PageReader, balancer: PageStandIn
) -> None:
    opened(reader, balancer)
    late = threading.Event()
    balancer.held["POST", "/ring/preview"] = [late]
    reader.choose("#wish-strategy", "maglev")
    reader.press("#wish .buttons button")
    reader.sees("#wish-answer", "Comparing …")
    reader.choose("#wish-hash", "xxh64")
    assert reader.text("#wish-answer") == ""
    late.set()
    until(lambda: answered(reader, "/ring/preview") == 1, "it is answered", within=10)
    assert reader.text("#wish-answer") == ""
    assert not reader.is_enabled("#apply")


def test_a_change_that_is_underway_is_not_sent_again(reader: PageReader, balancer: PageStandIn) -> None:
    opened(reader, balancer)
    late = threading.Event()
    balancer.held["POST", "/add"] = [late]
    for _ in range(2):
        reader.press("#add button")
        reader.confirm(says='POST /add {"n":1}')
    reader.sees("#answers", 'Nothing was sent: POST /add {"n":1} is underway already')
    late.set()
    reader.sees("#answers", '✓ POST /add {"n":1}')
    assert balancer.calls == [("POST", "/add", {"n": 1})]
    reader.press("#add button")
    reader.confirm(says='POST /add {"n":1}')
    until(lambda: len(balancer.calls) == 2, "it can be sent once it is answered", within=10)


def test_events_are_told_once_although_the_tab_was_hidden_meanwhile(reader: PageReader, balancer: PageStandIn) -> None:
    balancer.documents.events = [event(1, "restored")]
    late = threading.Event()
    balancer.held["GET", "/events"] = [late]
    reader.open(balancer.url)
    until(lambda: "/events" in balancer.asked, "events are asked for", within=10)
    reader.hide(is_hidden=True)
    reader.hide(is_hidden=False)
    reader.sees("#stream", "live")
    late.set()
    until(lambda: answered(reader, "/events?limit") == 2, "both are answered", within=10)
    assert reader.count("#event-list li") == 1


def test_without_a_free_stream_nobody_is_told_that_events_are_live(reader: PageReader, balancer: PageStandIn) -> None:
    balancer.has_streams = False
    balancer.held["GET", "/events"] = [late := threading.Event()]
    reader.open(balancer.url)
    reader.driver.execute_script(
        "window.said = []; new MutationObserver(() => said.push(document.getElementById('stream').textContent))"
        ".observe(document.getElementById('stream'), {childList: true})"
    )
    late.set()
    reader.sees("#stream", "all streams are taken")
    until(lambda: balancer.asked.count("/events") >= 4, "it tried again", within=15)
    assert set(reader.driver.execute_script("return window.said")) == {"○ every few seconds: all streams are taken"}


def test_a_late_refusal_of_an_old_token_does_not_end_the_new_visit(reader: PageReader, guarded: PageStandIn) -> None:
    reader.open(guarded.url)
    reader.sees("#sign-in", "Token")
    reader.type(TOKEN, Keys.ENTER)
    reader.sees("#ring-table", "S3")
    reader.sees("#stream", "live")
    late = threading.Event()
    guarded.held["GET", "/load"] = [late]
    before = guarded.asked.count("/load")
    until(lambda: guarded.asked.count("/load") > before, "the load is asked for", within=15)
    guarded.token = "another"  # noqa: S105
    reader.sees("#sign-in", "no longer, one of this deployment's")
    reader.write("#token", "another")
    reader.type(Keys.ENTER)
    reader.sees("#who", "alice")
    late.set()
    until(
        lambda: not guarded.held["GET", "/load"] and guarded.asked.count("/load") > before + 1, "it goes on", within=15
    )
    reader.sees("#health", "✓ Ready")
    assert reader.text("#sign-in") == ""


def test_whoever_is_not_let_in_any_more_has_no_question_open(reader: PageReader, guarded: PageStandIn) -> None:
    reader.open(guarded.url)
    reader.sees("#sign-in", "Token")
    reader.type(TOKEN, Keys.ENTER)
    reader.sees("#ring-table", "S3")
    reader.press("#add button")
    reader.sees("#confirm", "POST /add")
    guarded.token = "another"  # noqa: S105
    reader.sees("#sign-in", "Token")
    assert reader.text("#confirm") == ""
    assert reader.focused == "token"
    assert guarded.calls == []


def test_a_fleet_without_servers_offers_nothing_to_weigh(reader: PageReader, balancer: PageStandIn) -> None:
    balancer.documents = Documents(servers=[], slots=0)
    reader.open(balancer.url)
    reader.sees("#health", "0 of 0 servers")
    until(lambda: not reader.is_enabled("#remove"), "nobody can be removed", within=10)
    assert not reader.is_enabled("#weigh button")
    assert reader.is_enabled("#add button")
    balancer.documents = Documents(servers=fleet(1), version=2)
    until(lambda: reader.is_enabled("#remove"), "the newcomer can be removed", within=10)


def test_the_longest_names_fit(reader: PageReader, balancer: PageStandIn) -> None:
    servers = fleet(2)
    servers[0]["hostname"] = longest = "a" * 63
    balancer.documents = Documents(servers=servers, events=[event(1, "joined", longest)])
    for phone in (False, True):
        reader.look(phone=phone)
        reader.open(balancer.url)
        reader.sees("#event-list", longest)
        reader.driver.execute_script("for (const each of document.querySelectorAll('details')) each.open = true")
        reader.sees("#ring-table", longest)
        assert reader.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth"), phone
