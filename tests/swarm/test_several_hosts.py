"""The system on three hosts: whatever happens to a node, no request fails once it is noticed, and N are back.

The tests share one deployment and go in the order of this file; each leaves it whole. `-m short` is what CI has time
for. With SWARM_IS_UP=1 they take the deployment that `make swarm-up` made, and leave it but for the last one. The
figures are in the file that tests/swarm/figures.py names.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence

import pytest

from tests.polling import until
from tests.swarm import names
from tests.swarm.detection import PROMISED, Verdict, detected_at, judge
from tests.swarm.edges_load import KEYS, load_over
from tests.swarm.figures import Figures
from tests.swarm.front import Front
from tests.swarm.other_image import other_image
from tests.swarm.picks import disagreements, picks
from tests.swarm.several_hosts import SeveralHosts
from tests.swarm.slots import heirs, moved
from tests.swarm.swarm_state import secrets
from tests.system import ON_THEIR_WAY

pytestmark = [pytest.mark.terraform, pytest.mark.ansible, pytest.mark.timeout(1200)]

CUT = 30.0
"""Seconds for which a node is cut off."""
SOME_KEYS = KEYS[:1000]


@pytest.fixture(scope="module")
def figures() -> Figures:
    return Figures()


@pytest.fixture(scope="module")
def deployment() -> Iterator[SeveralHosts]:
    with SeveralHosts(is_up=bool(os.environ.get("SWARM_IS_UP"))) as deployment:
        answer = deployment.operator.put_ring({"key": "header:X-User"})
        assert answer.status == 200, answer
        yield deployment


@pytest.fixture
def hosts(deployment: SeveralHosts) -> SeveralHosts:
    """Whole and even, whatever the test before it did."""
    deployment.wait_until_whole()
    deployment.even_out()
    return deployment


def the_other_node(hosts: SeveralHosts) -> str:
    """A node that does not run the balancer."""
    balancer = until(lambda: hosts.balancer_node, "the balancer runs", within=30)
    return next(node for node in hosts.hosts if node != balancer)


def agree(hosts: SeveralHosts, keys: Sequence[str]) -> None:
    """Every key gets one server through all living edges, which is one of the fleet."""
    found = picks(hosts.urls, keys)
    assert len(found) == len(hosts.living)
    assert {len(of_node) for of_node in found.values()} == {len(keys)}
    assert disagreements(found) == {}
    assert {server for of_node in found.values() for server in of_node.values()} == set(hosts.operator.replicas)


def detected(hosts: SeveralHosts, lost: Sequence[str], *, began: float, since: int) -> float:
    """When the loss of these servers was detected, by what the event log has after event `since`."""
    epoch = time.time() - time.monotonic()
    return detected_at(began, lost, hosts.events(since), epoch=epoch)


@pytest.mark.short
def test_servers_are_on_every_node_and_all_edges_obey(hosts: SeveralHosts) -> None:
    assert hosts.obeying == set(hosts.hosts)
    assert all(hosts.places.values()), hosts.places
    assert sum(len(servers) for servers in hosts.places.values()) == names.SERVERS


def test_every_key_gets_the_same_server_through_every_edge(hosts: SeveralHosts, figures: Figures) -> None:
    agree(hosts, KEYS)
    figures.add("keyed picks that agree", requests=len(KEYS) * len(hosts.hosts), notes=f"{len(KEYS)} of {len(KEYS)}")


@pytest.mark.parametrize("changes", [pytest.param(3, marks=pytest.mark.short), 10])
def test_no_request_is_lost_when_servers_come_and_go(hosts: SeveralHosts, figures: Figures, changes: int) -> None:
    before = hosts.owners
    with load_over(hosts.urls) as traffic:
        began = time.monotonic()
        for number in range(changes):
            host = hosts.living[number % len(hosts.living)]
            added = host.add(1, [f"extra{number}"])
            assert added.status == 200, added
            assert hosts.obeying == set(hosts.hosts)
            removed = host.rm(1, [f"extra{number}"])
            assert removed.status == 200, removed
        seconds = time.monotonic() - began
    figures.add(
        f"{changes} times `/add` and `/rm`",
        requests=len(traffic.requests),
        failed_after_detection=traffic.failed,
        notes=f"{seconds / changes:.1f} s a pair",
    )
    assert traffic.failed == 0, str(traffic)
    hosts.wait_until_whole()
    assert set(hosts.owners) == set(before)
    agree(hosts, SOME_KEYS)


def test_no_request_is_lost_when_an_image_is_rolled(hosts: SeveralHosts, figures: Figures) -> None:
    before, usual = hosts.owners, hosts.operator.operate("GET", "/deploy").document["release"]["image"]
    with other_image(hosts, usual) as image:
        with load_over(hosts.urls) as traffic:
            began = time.monotonic()
            for rolled in (image, usual):
                answer = hosts.operator.deploy({"image": rolled})
                assert answer.status == 202, answer
                until(lambda: hosts.operator.stage not in ("", *ON_THEIR_WAY), f"{rolled} is rolled", within=120)
                assert hosts.operator.stage == "done", hosts.operator.operate("GET", "/deploy")
            seconds = time.monotonic() - began
        hosts.wait_until_whole()
    figures.add(
        "an image rolled, and back",
        requests=len(traffic.requests),
        failed_after_detection=traffic.failed,
        notes=f"{seconds / 2:.0f} s a roll of {names.SERVERS} servers",
    )
    assert traffic.failed == 0, str(traffic)
    assert hosts.owners == before


@pytest.mark.short
def test_a_node_dies_with_its_servers(hosts: SeveralHosts, figures: Figures) -> None:
    node = the_other_node(hosts)
    lost, owners, last = hosts.places[node], hosts.owners, hosts.last_event
    assert lost
    with load_over({other: url for other, url in hosts.urls.items() if other != node}) as traffic:
        with hosts.killed(node) as moment:
            whole = hosts.wait_until_replaced(lost, since=moment)
            seen = detected(hosts, lost, began=moment, since=last)
            hosts.wait_until_whole()
            now = hosts.owners
            agree(hosts, SOME_KEYS)
        hosts.wait_until_whole()
    found = judge(traffic.requests, began=moment, detected=seen)
    figures.add("a node dies with its servers", **columns(found), seconds_to_N=round(whole, 1))
    assert found.failed_after == 0, (found, str(traffic))
    assert moved(owners, now, lost=lost) == []
    new = set().union(*heirs(owners, now, lost=lost).values())
    assert (len(new), new & set(owners)) == (len(lost), set()), "each has a replacement with a name of its own"


def test_the_balancers_node_dies(hosts: SeveralHosts, figures: Figures) -> None:
    node = until(lambda: hosts.balancer_node, "the balancer runs", within=30)
    lost, owners = hosts.places[node], hosts.owners
    with load_over({other: url for other, url in hosts.urls.items() if other != node}) as traffic:
        with hosts.killed(node) as moment:
            elsewhere = until(lambda: hosts.balancer_node, "the balancer runs elsewhere", within=60)
            assert elsewhere != node
            until(lambda: hosts.operator.replicas, "the balancer answers", within=60)
            answers = time.monotonic() - moment
            whole = hosts.wait_until_replaced(lost, since=moment)
            now = hosts.owners
            added = hosts.operator.add(1, ["late"])
            assert added.status == 200, added
            assert hosts.operator.rm(1, ["late"]).status == 200
            hosts.wait_until_whole()
            agree(hosts, SOME_KEYS)
        hosts.wait_until_whole()
    # Nobody writes a log while there is no balancer: the time that is promised counts.
    found = judge(traffic.requests, began=moment, detected=moment + PROMISED)
    figures.add(
        "the balancer's node dies",
        **columns(found),
        seconds_to_N=round(whole, 1),
        notes=f"a balancer elsewhere answers after {answers:.1f} s",
    )
    assert found.failed_after == 0, (found, str(traffic))
    assert moved(owners, now, lost=lost) == []


def test_a_node_is_cut_off_and_heals(hosts: SeveralHosts, figures: Figures) -> None:
    node = the_other_node(hosts)
    lost, owners, last = hosts.places[node], hosts.owners, hosts.last_event
    assert lost
    before = picks({node: hosts.hosts[node].url}, SOME_KEYS)[node]
    own = [key for key, server in before.items() if server in lost][:50]
    others = [key for key, server in before.items() if server not in lost][:20]
    with load_over({other: url for other, url in hosts.urls.items() if other != node}) as traffic:
        with hosts.cut_off(node) as moment:
            whole = hosts.wait_until_replaced(lost, since=moment)
            seen = detected(hosts, lost, began=moment, since=last)
            assert hosts.hosts[node].served_from_inside(own) == {key: before[key] for key in own}
            answered = sum(bool(server) for server in hosts.hosts[node].served_from_inside(others).values())
            assert not hosts.edges.get(node, {}).get(names.LEASED), "the edge that is cut off holds nobody up"
            now = hosts.owners
            time.sleep(max(0.0, moment + CUT - time.monotonic()))
        healed = time.monotonic()
        hosts.wait_until_whole()
        obeys = time.monotonic() - healed
    found = judge(traffic.requests, began=moment, detected=seen)
    figures.add(
        "a node is cut off for 30 s",
        **columns(found),
        seconds_to_N=round(whole, 1),
        notes=f"its edge answered {answered} of {len(others)} keys of others; whole {obeys:.1f} s after the heal",
    )
    assert found.failed_after == 0, (found, str(traffic))
    assert answered == len(others)
    assert moved(owners, now, lost=lost) == []
    assert not set(lost) & {server for servers in hosts.places.values() for server in servers}
    agree(hosts, SOME_KEYS)


def test_a_drained_nodes_servers_move_and_no_request_is_lost(hosts: SeveralHosts, figures: Figures) -> None:
    node = the_other_node(hosts)
    with load_over({other: url for other, url in hosts.urls.items() if other != node}) as traffic:
        began = time.monotonic()
        with hosts.drained(node):
            until(lambda: not hosts.hosts[node].running_servers, f"{node} has no servers", within=120)
            hosts.wait_until_whole()
            seconds = time.monotonic() - began
            agree(hosts, SOME_KEYS)
        hosts.wait_until_whole()
    figures.add(
        "a node is drained",
        requests=len(traffic.requests),
        failed_after_detection=traffic.failed,
        seconds_to_N=round(seconds, 1),
    )
    assert traffic.failed == 0, str(traffic)


def test_without_a_quorum_traffic_goes_on_and_changes_are_refused(hosts: SeveralHosts, figures: Figures) -> None:
    stays = until(lambda: hosts.balancer_node, "the balancer runs", within=30)
    cut = [node for node in hosts.hosts if node != stays]
    with load_over({stays: hosts.hosts[stays].url}) as traffic:
        with hosts.cut_off(*cut) as moment:
            traffic.wait_for(200)
            refused = until(lambda: refusal(hosts), "/add is refused", within=60)
        # The servers of the healed nodes may be the old ones, or replaced by now.
        hosts.wait_until_whole()
        added = hosts.operator.add(1, ["again"])
        assert added.status == 200, added
        assert hosts.operator.rm(1, ["again"]).status == 200
    found = judge(traffic.requests, began=moment, detected=moment + PROMISED)
    figures.add("two of three managers are cut off", **columns(found), notes=f"`/add`: 503, {refused}")
    assert re.search(names.NO_QUORUM, refused), refused
    assert found.failed_after == 0, (found, str(traffic))
    hosts.wait_until_whole()
    agree(hosts, SOME_KEYS)


def refusal(hosts: SeveralHosts) -> str:
    """Why /add is refused; empty where it is not answered in time."""
    try:
        answer = hosts.operator.add(1, ["never"])
    except OSError:
        return ""
    assert answer.status != 200, answer
    return str(answer.document["message"]) if answer.status == 503 else ""


def test_certificates_are_renewed_and_no_request_is_lost(hosts: SeveralHosts, figures: Figures) -> None:
    renewed(hosts, figures, "certificates renewed", True)


def test_the_authority_is_renewed_in_two_steps(hosts: SeveralHosts, figures: Figures) -> None:
    trusted = secrets(hosts.manager, "edge")
    renewed(hosts, figures, "a new authority, trusted beside the old one", "ca")
    assert len(secrets(hosts.manager, "edge") & trusted) == len(trusted) - 1, "certificates and keys are the old ones"
    renewed(hosts, figures, "certificates of the new authority", False)


def renewed(hosts: SeveralHosts, figures: Figures, what: str, renew: object) -> None:
    """`make up` under load through what checks the nodes, with which every edge gets other secrets."""
    before = secrets(hosts.manager, "edge")
    with Front(hosts, on="node1") as front, load_over({"front": front.url}) as traffic:
        began = time.monotonic()
        hosts.deploy(ringmaster_renew_edge_certificates=renew)
        hosts.wait_until_whole()
        seconds = time.monotonic() - began
    after = secrets(hosts.manager, "edge")
    figures.add(
        what,
        requests=len(traffic.requests),
        failed_after_detection=traffic.failed,
        notes=f"`make up` {seconds:.0f} s; the nodes behind an HAProxy that checks them",
    )
    assert traffic.failed == 0, str(traffic)
    assert after != before
    assert len(after) == len(before), "the old ones are gone"
    agree(hosts, SOME_KEYS)


def test_after_all_that_every_key_gets_the_same_server(hosts: SeveralHosts, figures: Figures) -> None:
    agree(hosts, KEYS)
    figures.add(
        "keyed picks that agree, afterwards", requests=len(KEYS) * len(hosts.hosts), notes=f"{len(KEYS)} of {len(KEYS)}"
    )


@pytest.mark.short
def test_terraform_has_nothing_to_do_whatever_the_fleet_did(hosts: SeveralHosts) -> None:
    hosts.verify()


@pytest.mark.short
def test_a_destroy_leaves_nothing_on_any_node(hosts: SeveralHosts, figures: Figures) -> None:
    began = time.monotonic()
    hosts.destroy()
    seconds = time.monotonic() - began
    until(lambda: not hosts.left(), "nothing is left", within=30)
    figures.add("destroy", notes=f"{seconds:.0f} s; nothing is left on any node")


def columns(found: Verdict) -> dict[str, object]:
    return {name.replace(" ", "_"): value for name, value in found.figures.items()}
