"""What only a Swarm's servers show: they are spread over nodes, and nodes fail, are drained and come back."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest

from balancer.core.errors import EngineUnavailable, NameTaken, StartFailed
from balancer.core.observed import Observed
from tests.containers import run_in
from tests.contract.listening import listening
from tests.contract.runtime_bench import joining
from tests.contract.swarm_bench import SwarmBench
from tests.polling import until

pytestmark = [
    pytest.mark.docker,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # the Docker client's
]

NODES = ("node1", "node2", "node3")


def spread(bench: SwarmBench) -> dict[str, str]:
    """One server on each node. Returns node → instance."""
    for number in range(1, 4):
        bench.runtime.start(joining(f"S{number}", number), bench.release)
    return {observed.node: instance for instance, observed in bench.runtime.observe().items()}


def test_servers_are_spread_over_the_nodes(swarm_bench: SwarmBench) -> None:
    for number in range(6):
        swarm_bench.runtime.start(joining(f"S{number}", number), swarm_bench.release)
    observed = swarm_bench.runtime.observe().values()
    assert Counter(server.node for server in observed) == dict.fromkeys(NODES, 2)
    assert all(server.running and server.address for server in observed)


def test_only_nodes_that_the_constraints_name_run_servers(swarm_bench: SwarmBench) -> None:
    swarm_bench.constrain("node.hostname==node2")
    for number in range(2):
        swarm_bench.runtime.start(joining(f"S{number}", number), swarm_bench.release)
    assert {server.node for server in swarm_bench.runtime.observe().values()} == {"node2"}


def test_no_server_starts_on_a_node_that_it_must_avoid(swarm_bench: SwarmBench) -> None:
    for number in range(2):
        swarm_bench.runtime.start(joining(f"S{number}", number), swarm_bench.release, avoid=["node1", "node3"])
    assert {server.node for server in swarm_bench.runtime.observe().values()} == {"node2"}


def test_where_no_node_fits_the_constraints_are_told_and_nothing_is_left(swarm_bench: SwarmBench) -> None:
    swarm_bench.constrain("node.labels.zone==moon")
    with pytest.raises(StartFailed, match=r"S1 cannot be started: no suitable node .*node\.labels\.zone==moon"):
        swarm_bench.runtime.start(joining("S1", 1), swarm_bench.release)
    assert swarm_bench.names == set()
    assert swarm_bench.runtime.observe() == {}


def test_a_server_is_what_its_release_says(swarm_bench: SwarmBench) -> None:
    release = replace(
        swarm_bench.release,
        number=3,
        environment={"GREETING": "{{.Node.Hostname}} }}", "SERVER_ID": "not mine to set"},
        memory="64m",
        cpus=0.5,
        pids=99,
        port=8080,
        heartbeat_path="/healthz",
        command=("60",),
        entrypoint=("sleep",),
        user="65534:65534",
        working_dir="/opt",
        volumes=("/dev/shm:/shared:ro",),  # noqa: S108 (a folder that every host has)
        tmpfs={"/scratch": "size=1m,mode=1777"},
        capabilities=("NET_BIND_SERVICE",),
        init=False,
        stop_signal="SIGQUIT",
        stop_timeout=3,
        labels={"team": "shop"},
        log_driver="local",
        log_options={"max-size": "1m"},
    )
    swarm_bench.runtime.start(replace(joining("S1", 1, generation=7), release=3), release)
    server = swarm_bench.container("S1.7")
    host, config = server.attrs["HostConfig"], server.attrs["Config"]
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (64 * 1024 * 1024, 500_000_000, 99)
    assert host["LogConfig"] == {"Type": "local", "Config": {"max-size": "1m"}}
    assert (host["ReadonlyRootfs"], host["Init"], host["CapDrop"]) == (True, False, ["ALL"])
    assert [name.removeprefix("CAP_") for name in host["CapAdd"]] == ["NET_BIND_SERVICE"]
    assert (config["Entrypoint"], config["Cmd"]) == (["sleep"], ["60"])
    assert (config["User"], config["WorkingDir"]) == ("65534:65534", "/opt")
    assert (config["StopSignal"], config["Hostname"]) == ("SIGQUIT", "S1")
    assert {"GREETING={{.Node.Hostname}} }}", "SERVER_ID=S1"} <= set(config["Env"])
    assert config["Labels"]["team"] == "shop"
    mounts = run_in(server, "grep", "-E", " /(shared|scratch) ", "/proc/mounts")
    assert "/scratch tmpfs rw" in mounts
    assert "size=1024k" in mounts
    assert "/shared tmpfs ro" in mounts
    observed = swarm_bench.runtime.observe()["S1.7"]
    assert observed.address.endswith(":8080")
    assert (observed.heartbeat, observed.fingerprint, observed.release) == (release.heartbeat, release.fingerprint, 3)


def test_what_swarm_cannot_give_is_refused(swarm_bench: SwarmBench) -> None:
    release = replace(swarm_bench.release, tmpfs={"/scratch": "uid=7"})
    with pytest.raises(StartFailed, match="server_tmpfs: Swarm cannot give /scratch the option uid=7"):
        swarm_bench.runtime.start(joining("S1", 1), release)


def test_a_service_of_another_deployment_keeps_a_long_name_too(swarm_bench: SwarmBench) -> None:
    hostname = "a" * 63
    long_name = (swarm_bench.spec.name_prefix + hostname)[: 63 - len("-1-1")].removeprefix(swarm_bench.spec.name_prefix)
    swarm_bench.occupy(long_name)
    with pytest.raises(NameTaken, match=r"aa-1-1 exists and is not a server of this deployment"):
        swarm_bench.runtime.start(joining(hostname, 1), swarm_bench.release)
    swarm_bench.runtime.start(joining(hostname, 2), swarm_bench.release)
    assert swarm_bench.runtime.observe()[hostname].running


def test_a_server_is_reached_by_its_hostname_from_every_node(swarm_bench: SwarmBench) -> None:
    servers = spread(swarm_bench)
    observed = swarm_bench.runtime.observe()
    for instance in servers.values():
        for other in servers.values():
            found = partial(finds, swarm_bench, instance, other, observed[other].address)
            until(found, f"{instance} finds {other}", within=10)


def finds(bench: SwarmBench, instance: str, hostname: str, address: str) -> bool:
    """Whether the server finds this address under the hostname. Nodes tell each other of names in their own time."""
    script = f"import socket; print(socket.gethostbyname('{hostname}'))"
    return f"{run_in(bench.container(instance), 'python3', '-c', script).strip()}:5000" == address


def test_the_reason_of_a_failed_start_is_told_with_its_node_and_nothing_is_left(swarm_bench: SwarmBench) -> None:
    release = replace(swarm_bench.release, entrypoint=("/no/such/program",), init=False)
    with pytest.raises(StartFailed, match=r"S1 cannot be started on node[123]: .*/no/such/program"):
        swarm_bench.runtime.start(joining("S1", 1), release)
    assert swarm_bench.names == set()


def test_a_server_that_ends_at_once_has_started_and_tells_its_last_words(swarm_bench: SwarmBench) -> None:
    release = replace(swarm_bench.release, entrypoint=("sh", "-c", "echo out of luck; exit 3"))
    swarm_bench.runtime.start(joining("S1", 1), release)
    ended = until(lambda: not (seen := swarm_bench.runtime.observe()["S1"]).running and seen, "S1 ended", within=10)
    assert ended.status == "failed: task: non-zero exit (3)"
    assert swarm_bench.runtime.last_output("S1") == "out of luck"


def test_a_missing_network_is_a_failed_start(swarm_bench: SwarmBench) -> None:
    swarm_bench.spec = replace(swarm_bench.spec, network="no-such-network")
    swarm_bench.constrain()
    with pytest.raises(StartFailed, match="no-such-network"):
        swarm_bench.runtime.start(joining("S1", 1), swarm_bench.release)
    assert swarm_bench.names == set()


def test_a_death_on_any_node_is_observed_soon(swarm_bench: SwarmBench) -> None:
    for instance in spread(swarm_bench).values():
        swarm_bench.die(instance)
        died = time.monotonic()
        until(lambda instance=instance: not swarm_bench.runtime.observe()[instance].running, "it is dead", within=3)  # type: ignore[misc]
        print(f"a death was seen after {time.monotonic() - died:.2f} s")  # noqa: T201 (with -s)
        assert swarm_bench.runtime.observe()[instance].status == "failed: task: non-zero exit (137)"


def test_a_stop_lets_the_server_end_and_waits_for_it(swarm_bench: SwarmBench) -> None:
    swarm_bench.runtime.start(joining("S1", 1), swarm_bench.release)
    until(lambda: swarm_bench.runtime.last_output("S1"), "S1 has printed something", within=10)
    swarm_bench.runtime.stop("S1")
    assert not any(swarm_bench.containers("S1").values())
    assert swarm_bench.runtime.observe() == {}


def test_a_hung_server_that_is_killed_is_ending_until_its_stop_timeout_is_over(swarm_bench: SwarmBench) -> None:
    release = replace(swarm_bench.release, stop_timeout=6)
    swarm_bench.runtime.start(joining("S1", 1), release)
    swarm_bench.hang("S1")
    first = swarm_bench.runtime.observe()["S1"]
    swarm_bench.runtime.kill("S1")
    left = swarm_bench.runtime.observe()["S1"]
    assert (left.id, left.running, left.ending) == (first.id, True, True)
    swarm_bench.runtime.start(joining("S1", 1), swarm_bench.release)
    second = swarm_bench.runtime.observe()["S1"]
    assert (second.running, second.ending) == (True, False)
    assert second.id != first.id
    until(lambda: len(sum(swarm_bench.containers("S1").values(), [])) == 1, "the hung one has ended", within=20)  # noqa: RUF017


def test_what_somebody_removes_is_observed_as_ending_until_it_has_ended(swarm_bench: SwarmBench) -> None:
    swarm_bench.runtime.start(joining("S1", 1), swarm_bench.release)
    swarm_bench.stop_by_hand("S1")
    observed = swarm_bench.runtime.observe()["S1"]
    assert (observed.running, observed.ending) == (True, True)
    until(lambda: swarm_bench.runtime.observe() == {}, "it is gone", within=15)


def test_a_drained_nodes_servers_are_ending_and_then_not_running(swarm_bench: SwarmBench) -> None:
    instance = spread(swarm_bench)["node2"]
    swarm_bench.hang(instance)
    swarm_bench.availability("node2", "drain")
    try:
        ending = until(
            lambda: (seen := swarm_bench.runtime.observe()[instance]).ending and seen, "it is ending", within=5
        )
        assert (ending.running, ending.node) == (True, "node2")
        ended = until(
            lambda: not (seen := swarm_bench.runtime.observe()[instance]).running and seen, "it has ended", within=15
        )
        assert not ended.ending
        swarm_bench.runtime.kill(instance, ended.id)
        assert instance not in swarm_bench.runtime.observe()
        swarm_bench.runtime.start(joining("S9", 9), swarm_bench.release)
        assert swarm_bench.runtime.observe()["S9"].node != "node2"
    finally:
        swarm_bench.availability("node2", "active")


def test_servers_of_a_node_that_is_killed_do_not_run_and_their_removal_is_not_waited_for(
    swarm_bench: SwarmBench,
) -> None:
    instance = spread(swarm_bench)["node3"]
    swarm_bench.playground.engines("kill", "node3")
    try:
        lost = until(lambda: no_longer_running(swarm_bench, instance), "it is lost", within=30)
        assert (lost.address, lost.status, lost.ending) == ("", "its node node3 is down", False)
        assert swarm_bench.runtime.last_output(instance) == ""
        swarm_bench.runtime.kill(instance, lost.id)
        left = swarm_bench.runtime.observe()[instance]
        assert (left.running, left.ending, left.node) == (False, True, "node3")
        swarm_bench.runtime.start(joining(instance, 9), swarm_bench.release)
        assert swarm_bench.runtime.observe()[instance].node != "node3"
    finally:
        swarm_bench.playground.engines("start", "node3")
        until(lambda: swarm_bench.node_state("node3") == "ready", "node3 is back", within=30)
    until(lambda: not swarm_bench.containers(instance)["node3"], "the lost one stays dead", within=20)


def test_a_start_on_a_node_that_dies_ends_when_the_node_is_found_down(swarm_bench: SwarmBench) -> None:
    """Swarm takes the node for well until then, and places the server there."""
    swarm_bench.constrain("node.hostname==node3")
    swarm_bench.playground.engines("kill", "node3")
    try:
        with pytest.raises(EngineUnavailable, match="node3 is down"):
            swarm_bench.runtime.start(joining("S1", 1), swarm_bench.release)
    finally:
        swarm_bench.playground.engines("start", "node3")
        until(lambda: swarm_bench.node_state("node3") == "ready", "node3 is back", within=30)


def test_a_node_that_is_cut_off_comes_back_and_its_removed_servers_end(swarm_bench: SwarmBench) -> None:
    instance = spread(swarm_bench)["node2"]
    swarm_bench.playground.engines("cut", "node2")
    try:
        lost = until(lambda: no_longer_running(swarm_bench, instance), "it is lost", within=40)
        assert lost.status == "its node node2 is down"
        assert swarm_bench.containers(instance)["node2"], "it runs on, and nobody can reach it"
        swarm_bench.runtime.kill(instance, lost.id)
    finally:
        swarm_bench.playground.engines("heal", "node2")
    until(lambda: not swarm_bench.containers(instance)["node2"], "its container has gone", within=40)
    until(lambda: instance not in swarm_bench.runtime.observe(), "it is not observed any more", within=10)
    until(lambda: swarm_bench.node_state("node2") == "ready", "node2 is back", within=30)
    for other in swarm_bench.runtime.observe().values():
        assert answers_on_its_network(swarm_bench, other.instance)


def no_longer_running(bench: SwarmBench, instance: str) -> Observed | None:
    """The server once it does not run any more. Where the lost node led the Swarm, nobody says so before there is
    another leader."""
    with suppress(EngineUnavailable):
        seen = bench.runtime.observe()[instance]
        return None if seen.running else seen
    return None


def answers_on_its_network(bench: SwarmBench, instance: str) -> bool:
    script = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:5000/heartbeat').status)"
    return run_in(bench.container(instance), "python3", "-c", script).strip() == "200"


def test_any_manager_serves(another_manager: SwarmBench) -> None:
    another_manager.runtime.start(joining("S1", 1), another_manager.release)
    with listening(another_manager) as heard:
        another_manager.runtime.kill("S1")
        while "service remove" not in heard.get(timeout=10):
            pass
    assert "S1" not in another_manager.runtime.observe()


def test_without_a_majority_of_managers_every_change_says_why_and_servers_run_on(swarm_bench: SwarmBench) -> None:
    on_node1 = spread(swarm_bench)["node1"]
    lost = ("node2", "node3")
    for node in lost:
        swarm_bench.playground.engines("kill", node)
    try:
        until(lambda: _refuses(swarm_bench), "a change is refused", within=30)
        assert answers_on_its_network(swarm_bench, on_node1)
    finally:
        for node in lost:
            swarm_bench.playground.engines("start", node)
        until(lambda: _has_a_leader(swarm_bench), "the managers have a leader again", within=60)
    swarm_bench.runtime.kill(on_node1)
    until(lambda: on_node1 not in swarm_bench.runtime.observe(), "it is gone", within=20)
    for name in swarm_bench.names:
        swarm_bench.runtime.kill(name)


def _refuses(bench: SwarmBench) -> bool:
    """The manager takes some seconds until it knows that it is alone."""
    try:
        bench.runtime.start(joining("S9", 9), bench.release)
    except EngineUnavailable as error:
        return "leader" in str(error) or "deadline" in str(error)
    return False


def _has_a_leader(bench: SwarmBench) -> bool:
    try:
        bench.runtime.start(joining("S8", 8), bench.release)
    except (EngineUnavailable, StartFailed):
        return False
    return True
