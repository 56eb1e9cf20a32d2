"""What the page shows of a balancer, also of states that a real one rarely has."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from tests.contract.page_bench import balancer, chromium, reader
from tests.page_documents import Documents, deploy, edge, event, fleet
from tests.page_reader import PageReader
from tests.page_stand_in import PageStandIn
from tests.polling import stays, until

__all__ = ["balancer", "chromium", "reader"]

pytestmark = pytest.mark.chromium

HOSTILE = '<img src="x" onerror="window.wasRun = 1"><script>window.wasRun = 1</script>'


def test_ring_servers_and_figures(reader: PageReader, balancer: PageStandIn) -> None:
    reader.open(balancer.url)
    reader.sees("#health", "✓ Ready: 3 of 3 servers")
    reader.sees("#ring-profile", "strategy table · slots 512 · request hash crc32 · key header:X-User · bound off")
    reader.sees("#ring-table", "S3")
    reader.sees("#load-summary", "no server gets more than 1.02")
    row = reader.text("#servers tbody tr:first-child")
    assert row.startswith("S1"), row
    assert "● serving" in row
    assert "33.3 %" in row
    assert reader.count("#servers svg path[d^=M]") == 9
    assert reader.text("#ails") == reader.text("#away") == reader.text("#sign-in") == ""
    assert reader.flaws() == []


def test_a_silent_server_and_what_mends_it(reader: PageReader, balancer: PageStandIn) -> None:
    balancer.documents = Documents(
        servers=fleet(3, S2="silent"),
        ailments={"servers": "S2 misses its heartbeats"},
        remedies={"servers": "`uptime`: the host is overloaded"},
    )
    reader.open(balancer.url)
    reader.sees("#health", "⚠ Not ready: 3 of 3 servers; silent: S2")
    reader.sees("#ails", "S2 misses its heartbeats")
    reader.sees("#ails", "Mend it: uptime: the host is overloaded")
    assert reader.text("#ails code") == "uptime"
    reader.sees("#servers tr.silent", "◐ silent")


def test_slots_by_the_keyboard(reader: PageReader, balancer: PageStandIn) -> None:
    reader.open(balancer.url)
    reader.sees("#ring-table", "S3")
    owners = balancer.documents.table()["owners"]
    reader.press("#ring-canvas", Keys.HOME)
    reader.sees("#ring-slot", f"Slot 0 is {owners[0]}'s")
    reader.type(Keys.ARROW_RIGHT)
    reader.sees("#ring-slot", f"Slot 1 is {owners[1]}'s")


def test_the_way_of_a_key(reader: PageReader, balancer: PageStandIn) -> None:
    reader.open(balancer.url)
    reader.sees("#ring-table", "S3")
    reader.write("#lookup-key", "jané +%&")
    reader.type(Keys.ENTER)
    told = balancer.documents.lookup("jané +%&")
    reader.sees("#lookup-answer", f"→ {told['server']}")
    reader.sees("#lookup-answer", told["why"])
    balancer.answers["GET", "/ring/lookup"] = (400, {"message": "<Error> key is missing", "status": "failure"})
    reader.type(Keys.ENTER)
    reader.sees("#lookup-answer", "key is missing")


def test_events_come_by_themselves_and_are_filtered(reader: PageReader, balancer: PageStandIn) -> None:
    balancer.documents.events = [event(1, "restored"), event(2, "silent", "S1", "it missed 3 heartbeats")]
    reader.open(balancer.url)
    reader.sees("#event-list li:first-child", "⚠ silent")
    reader.sees("#stream", "live")
    balancer.documents.events.append(event(3, "change", who="alice", status=200))
    reader.sees("#event-list li:first-child", "who alice, status 200")
    reader.choose("#filter-kind", "warnings")
    assert reader.text("#event-list").split("\n")[1:2] == ["⚠ silent"]
    assert "alice" not in reader.text("#event-list")
    reader.choose("#filter-kind", "")
    reader.write("#filter-text", "ALICE")
    reader.sees("#event-list", "alice")
    assert "silent" not in reader.text("#event-list")


def test_without_a_free_stream_events_come_all_the_same(reader: PageReader, balancer: PageStandIn) -> None:
    balancer.has_streams = False
    reader.open(balancer.url)
    reader.sees("#stream", "every few seconds: all streams are taken")
    balancer.documents.events = [event(1, "joined", "S4")]
    reader.sees("#event-list", "S4")


def test_a_deploy_from_the_pull_to_the_end(reader: PageReader, balancer: PageStandIn) -> None:
    pulling = {"layers": 5, "layers_done": 2, "bytes": 100, "bytes_done": 40, "seconds": 3.0}
    balancer.documents.deploy = deploy("pulling", left=3, pulling=pulling)
    reader.open(balancer.url)
    reader.sees("#deploying", "Deploy of release 2 (sample:2): pulling · 2 of 5 layers after 3.0 s")
    assert reader.one("#deploy-progress").get_property("value") == 40
    balancer.documents.deploy = deploy("rolling", left=2)
    reader.sees("#deploying", "rolling · 2 servers of 3 left")
    assert reader.is_enabled("#roll-back")
    balancer.documents.deploy = deploy("stuck", left=1, reason="S2 did not become ready")
    reader.sees("#deploying", "✕ Deploy of release 2 (sample:2): stuck · S2 did not become ready")
    assert not reader.is_enabled("#roll-back")
    assert reader.text("#roll-back-why") == "No deploy is on its way that could go back."


def test_a_balancer_that_is_away_and_comes_back(reader: PageReader, balancer: PageStandIn) -> None:
    reader.open(balancer.url)
    reader.sees("#health", "✓ Ready")
    balancer.is_away = True
    reader.sees("#away", "⚠ The balancer does not answer (the balancer is away).")
    assert "S1" in reader.text("#servers")
    balancer.is_away = False
    balancer.documents.servers = fleet(4)
    balancer.documents.version += 1
    reader.sees("#servers", "S4")
    reader.sees("#health", "✓ Ready: 4 of 4 servers")
    reader.sees("#stream", "live")
    assert reader.text("#away") == ""


def test_a_page_that_is_opened_while_the_balancer_is_away(reader: PageReader, balancer: PageStandIn) -> None:
    balancer.is_away = True
    reader.open(balancer.url)
    reader.sees("#away", "⚠ The balancer does not answer")
    balancer.is_away = False
    reader.sees("#health", "✓ Ready: 3 of 3 servers")


def test_a_hidden_tab_asks_for_nothing(reader: PageReader, balancer: PageStandIn) -> None:
    reader.open(balancer.url)
    reader.sees("#load-summary", "requests per second")
    reader.sees("#stream", "live")
    reader.hide(is_hidden=True)
    asked = len(balancer.asked)
    stays(lambda: len(balancer.asked) == asked, "a hidden tab asks for nothing", seconds=6)
    balancer.documents.events = [event(1, "joined", "S4")]
    reader.hide(is_hidden=False)
    reader.sees("#event-list", "S4")
    assert len(balancer.asked) > asked


def test_slots_are_asked_for_when_the_ring_has_changed(reader: PageReader, balancer: PageStandIn) -> None:
    reader.open(balancer.url)
    until(lambda: balancer.asked.count("/ring") >= 3, "the ring is looked at", within=15)
    assert balancer.asked.count("/ring/slots") == balancer.asked.count("/ring/points") == 1
    balancer.documents.version += 1
    until(lambda: balancer.asked.count("/ring/slots") == 2, "the slots are asked for again", within=10)
    assert balancer.asked.count("/load") < balancer.asked.count("/ring")


def test_what_others_chose_is_shown_as_text(reader: PageReader, balancer: PageStandIn) -> None:
    balancer.documents.events = [event(1, "failed", "S1", HOSTILE, path=HOSTILE)]
    balancer.documents.ailments = {"image": HOSTILE}
    balancer.documents.remedies = {"image": HOSTILE}
    balancer.documents.deploy = deploy("stuck", reason=HOSTILE)
    balancer.documents.profile["key"] = f"header:{HOSTILE}"
    balancer.answers["GET", "/ring/lookup"] = (400, {"message": f"<Error> {HOSTILE}", "status": "failure"})
    reader.open(balancer.url)
    for place in ("#ails", "#deploying", "#event-list", "#ring-profile"):
        reader.sees(place, HOSTILE)
    reader.write("#lookup-key", HOSTILE)
    reader.type(Keys.ENTER)
    reader.sees("#lookup-answer", HOSTILE)
    assert reader.count("img, main script") == 0
    assert reader.driver.execute_script("return window.wasRun") is None


def test_64_servers_on_65536_slots(reader: PageReader, balancer: PageStandIn) -> None:
    balancer.documents = Documents(servers=fleet(64), slots=65_536)
    reader.open(balancer.url)
    reader.sees("#servers tbody tr:last-child", "S64")
    owners = balancer.documents.table()["owners"]
    reader.press("#ring-canvas", Keys.END)
    reader.sees("#ring-slot", f"Slot 65535 is {owners[65_535]}'s")
    for _ in range(20):
        reader.type(Keys.ARROW_RIGHT)
    reader.sees("#ring-slot", f"Slot 19 is {owners[19]}'s")
    assert reader.count("#servers tbody tr") == reader.count("#ring-table tbody tr") == 64
    assert reader.flaws() == []


def test_one_host_has_no_nodes_and_is_not_asked_for_edges(reader: PageReader, balancer: PageStandIn) -> None:
    reader.open(balancer.url)
    reader.sees("#servers", "S3")
    assert "Node" not in reader.text("#servers")
    assert reader.text("#edges") == ""
    assert "/edges" not in balancer.asked


def test_several_hosts_have_nodes_and_edges(reader: PageReader, balancer: PageStandIn) -> None:
    edges = [edge("w1"), edge("w2", in_step=False, problem="haproxy: no such file")]
    lost = event(1, "edge_lost", node="w3", reason="nothing was heard of it for 3.0 s")
    balancer.documents = Documents(servers=fleet(3, nodes=3), edges=edges, events=[lost])
    reader.open(balancer.url)
    reader.sees("#servers thead", "Node")
    reader.sees("#servers tbody tr:first-child", "w2")
    reader.sees("#edges", "Edges")
    reader.sees("#edge-table tbody tr:first-child", "● serving")
    reader.sees("#edge-table tbody tr:last-child", "◐ out of step")
    reader.sees("#edge-table tbody tr:last-child", "haproxy: no such file")
    reader.sees("#event-list li.warning", "nothing was heard of it for 3.0 s · on w3")
    balancer.documents.edges[1] = edge("w2", leased=False, silent_for=41.2)
    reader.sees("#edge-table tbody tr:last-child", "✕ lost")
    reader.sees("#edge-table tbody tr:last-child", "41.2 s ago")
    assert (reader.barriers(), reader.flaws()) == ([], [])


def test_several_hosts_on_a_phone(reader: PageReader, balancer: PageStandIn) -> None:
    balancer.documents = Documents(servers=fleet(3, nodes=3), edges=[edge("w1"), edge("w2"), edge("w3")])
    reader.look(phone=True)
    reader.open(balancer.url)
    reader.sees("#servers tbody tr:first-child", "w2")
    reader.sees("#edge-table", "w3")
    assert (reader.barriers(), reader.flaws()) == ([], [])
