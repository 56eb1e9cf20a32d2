"""Who may use the page, and how: tokens and links; keyboard, screen readers, colour schemes and a phone."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from tests.contract.page_bench import TOKEN, balancer, chromium, guarded, reader
from tests.page_documents import Documents, deploy, event, fleet
from tests.page_reader import PageReader
from tests.page_stand_in import PageStandIn

__all__ = ["balancer", "chromium", "guarded", "reader"]

pytestmark = pytest.mark.chromium

LOOKS = [("light", False), ("dark", False), ("light", True), ("dark", True)]


def test_a_token_is_asked_for_kept_in_the_tab_and_forgotten(reader: PageReader, guarded: PageStandIn) -> None:
    reader.open(guarded.url)
    reader.sees("#sign-in", "This deployment wants a token.")
    assert reader.focused == "token"
    assert reader.text("#content") == ""
    reader.type("wrong", Keys.ENTER)
    reader.sees("#sign-in-answer", "Not let in: this needs the deployment's token")
    reader.type(TOKEN, Keys.ENTER)
    reader.sees("#who", "alice (may change)")
    reader.driver.refresh()
    reader.sees("#health", "✓ Ready")
    assert reader.driver.execute_script("return localStorage.length + document.cookie.length") == 0
    reader.press("#sign-out")
    reader.sees("#sign-in", "The token is forgotten.")
    reader.driver.refresh()
    reader.sees("#sign-in", "This deployment wants a token.")
    assert reader.text("#sign-in-answer") == ""


def test_a_token_that_counts_no_more_ends_the_visit(reader: PageReader, guarded: PageStandIn) -> None:
    reader.open(guarded.url)
    reader.sees("#sign-in", "Token")
    reader.type(TOKEN, Keys.ENTER)
    reader.sees("#health", "✓ Ready")
    guarded.token = TOKEN.upper()
    reader.sees("#sign-in", "The token is not, or no longer, one of this deployment's.")
    assert reader.text("#content") == ""


def test_a_one_time_link_lets_in_and_leaves_the_address(reader: PageReader, guarded: PageStandIn) -> None:
    guarded.codes["once"] = TOKEN
    reader.open(f"{guarded.url}/#code=once")
    reader.sees("#who", "alice")
    assert reader.driver.current_url == f"{guarded.url}/"
    reader.press("#link")
    reader.sees("#answers", f"Good once, for 60 s: {guarded.url}/#code=fresh")
    reader.driver.switch_to.new_window("tab")
    try:
        reader.open(f"{guarded.url}/#code=once")
        reader.sees("#sign-in-answer", "Not let in: the code is used or unknown")
    finally:
        reader.driver.close()
        reader.driver.switch_to.window(reader.driver.window_handles[0])


def test_a_link_that_is_opened_while_the_balancer_is_away_is_not_lost(reader: PageReader, guarded: PageStandIn) -> None:
    guarded.codes["once"] = TOKEN
    guarded.is_away = True
    reader.open(f"{guarded.url}/#code=once")
    reader.sees("#away", "⚠ The balancer does not answer")
    assert reader.driver.current_url == f"{guarded.url}/"
    guarded.is_away = False
    reader.sees("#who", "alice")


def test_who_may_only_read_is_told_so(reader: PageReader, guarded: PageStandIn) -> None:
    guarded.role = "read"
    guarded.documents.deploy = deploy("rolling", left=1)
    reader.open(guarded.url)
    reader.sees("#sign-in", "Token")
    reader.type(TOKEN, Keys.ENTER)
    reader.sees("#read-only", "Your token may only read")
    reader.sees("#deploying", "rolling")
    reader.sees("#ring-table", "S3")
    for change in ("#add button", "#weigh button", "#remove", "#roll button", "#roll-back", "#apply"):
        assert not reader.is_enabled(change), change
    reader.choose("#wish-strategy", "maglev")
    reader.press("#wish .buttons button")
    reader.sees("#wish-answer", "move")
    assert not reader.is_enabled("#apply")


@pytest.mark.parametrize(("scheme", "phone"), LOOKS)
def test_nobody_is_kept_out(reader: PageReader, balancer: PageStandIn, scheme: str, phone: bool) -> None:
    """In a state in which all that can be shown is shown; with and without the dialogue."""
    balancer.documents = Documents(
        servers=fleet(4, S2="silent", S3="down", S4="leaving"),
        ailments={"servers": "S2 misses its heartbeats"},
        remedies={"servers": "`uptime`: the host is overloaded"},
        deploy=deploy("rolling", left=2),
        events=[
            event(1, "silent", "S2", "it missed 3 heartbeats" * 9),
            event(2, "change", who="alice", path="/" * 150),
        ],
    )
    reader.look(scheme=scheme, phone=phone)
    reader.open(balancer.url)
    reader.sees("#deploying", "rolling")
    reader.sees("#event-list", "alice")
    reader.press("#wish .buttons button")
    reader.sees("#wish-table", "S3")
    for details in ("#wish summary", "#heavy summary", "#history-table"):
        reader.driver.execute_script("document.querySelector(arguments[0]).closest('details').open = true", details)
    reader.sees("#history-table", "S4")
    assert reader.barriers() == []
    assert reader.flaws() == []
    reader.press("#add button")
    reader.confirm(says="POST /add")
    reader.sees("#answers", "✓ POST /add")
    reader.press("#add button")
    reader.sees("#confirm", "POST /add")
    assert reader.barriers() == []
    assert reader.flaws() == []


@pytest.mark.parametrize(("scheme", "phone"), [("light", False), ("dark", True)])
def test_the_form_for_the_token_keeps_nobody_out(
    reader: PageReader, guarded: PageStandIn, scheme: str, phone: bool
) -> None:
    reader.look(scheme=scheme, phone=phone)
    reader.open(guarded.url)
    reader.sees("#sign-in", "Token")
    assert reader.barriers() == []


def test_all_can_be_reached_by_the_keyboard_and_seen_then(reader: PageReader, balancer: PageStandIn) -> None:
    balancer.documents.deploy = deploy("rolling", left=2)
    reader.open(balancer.url)
    reader.sees("#ring-table", "S3")
    reader.sees("#deploying", "rolling")
    reader.type(Keys.TAB)
    assert reader.focused == "To the ring"
    reached = [reader.focused]
    outlines = set()
    while len(reached) < 90:
        reader.type(Keys.TAB)
        if reader.driver.execute_script("return document.activeElement === document.body"):
            break
        reached.append(reader.focused)
        outlines.add(reader.driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle"))
    wanted = reader.driver.execute_script(
        "return [...document.querySelectorAll('button, input, select, textarea, canvas')]"
        ".filter((one) => one.checkVisibility() && !one.disabled && one.id).map((one) => one.id)"
    )
    assert set(wanted) <= set(reached)
    assert outlines == {"solid"}


def test_landmarks_and_headings(reader: PageReader, balancer: PageStandIn) -> None:
    reader.open(balancer.url)
    reader.sees("#ring-table", "S3")
    assert [reader.count(landmark) for landmark in ("header", "nav", "main", "h1")] == [1, 1, 1, 1]
    assert reader.text("section h2").split("\n") == ["Ring", "Servers", "What if", "Deploy", "Events"]
    reader.press(".skip")
    assert reader.focused == "main"


def test_nothing_moves_and_colours_are_the_systems_where_it_says_so(reader: PageReader, balancer: PageStandIn) -> None:
    features = [{"name": "forced-colors", "value": "active"}, {"name": "prefers-reduced-motion", "value": "reduce"}]
    reader.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    reader.open(balancer.url)
    reader.sees("#servers", "● serving")
    assert reader.driver.execute_script("return document.getAnimations().length") == 0
    assert reader.flaws() == []
