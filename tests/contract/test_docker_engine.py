"""What only a real container can show: how a server runs, how it ends, and why it could not start."""

from __future__ import annotations

import gc
import io
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import docker
import pytest
from docker.errors import APIError

from balancer.adapters.engine_stream import EngineStream
from balancer.core.errors import EngineUnavailable, NameTaken, StartFailed
from balancer.core.release import Release
from tests.containers import run_in, started
from tests.contract.docker_bench import DockerBench
from tests.contract.lab import Lab, answers
from tests.contract.runtime_bench import joining
from tests.open_sockets import count_all
from tests.polling import until

pytestmark = [
    pytest.mark.docker,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # the Docker client's
]


def test_a_server_is_what_its_release_says(docker_bench: DockerBench) -> None:
    bench = docker_bench
    volume = bench.volume("data")
    release = replace(
        bench.release,
        number=3,
        environment={"GREETING": "hi", "SERVER_ID": "not mine to set"},
        memory="64m",
        cpus=0.5,
        pids=99,
        port=8080,
        heartbeat_path="/healthz",
        heartbeat_host="shop.example",
        heartbeat_status="200-299",
        heartbeat_timeout=1.5,
        command=("60",),
        entrypoint=("sleep",),
        user="65534:65534",
        working_dir="/opt",
        volumes=(f"{volume}:/data:ro", "/dev/shm:/shared"),  # noqa: S108 (a folder that every host has)
        tmpfs={"/scratch": "size=1m,exec"},
        capabilities=("NET_BIND_SERVICE",),
        read_only=False,
        init=False,
        stop_signal="SIGQUIT",
        stop_timeout=3,
        labels={"team": "shop", "ringmaster": "theirs"},
        log_driver="local",
        log_options={"max-size": "1m"},
    )
    bench.runtime.start(replace(joining("S1", 1, generation=7), release=3), release)
    server = bench.container("S1.7")
    host, config = server.attrs["HostConfig"], server.attrs["Config"]
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (64 * 1024 * 1024, 500_000_000, 99)
    assert host["RestartPolicy"]["Name"] in ("", "no")
    assert host["PortBindings"] in (None, {})
    assert host["LogConfig"] == {"Type": "local", "Config": {"max-size": "1m"}}
    assert (host["ReadonlyRootfs"], host["Init"], host["CapDrop"]) == (False, False, ["ALL"])
    assert [name.removeprefix("CAP_") for name in host["CapAdd"]] == ["NET_BIND_SERVICE"]
    assert (host["Binds"], host["Tmpfs"]) == (list(release.volumes), {"/scratch": "size=1m,exec"})
    assert (config["Entrypoint"], config["Cmd"]) == (["sleep"], ["60"])
    assert (config["User"], config["WorkingDir"]) == ("65534:65534", "/opt")
    assert (config["StopSignal"], config["StopTimeout"]) == ("SIGQUIT", 3)
    assert config["Labels"].items() >= {
        ("ringmaster.deployment", bench.lab.name),
        ("ringmaster.role", "server"),
        ("ringmaster.ring_id", "1"),
        ("ringmaster.release", "3"),
        ("ringmaster.generation", "7"),
        ("ringmaster.instance", "S1.7"),
        ("ringmaster.port", "8080"),
        ("team", "shop"),
        ("ringmaster", "theirs"),
    }
    assert {"GREETING=hi", "SERVER_ID=S1"} <= set(config["Env"])
    assert config["Hostname"] == "S1"
    observed = bench.runtime.observe()["S1.7"]
    assert observed.address.endswith(":8080")
    assert (observed.heartbeat, observed.fingerprint, observed.release) == (release.heartbeat, release.fingerprint, 3)


def test_what_a_server_may_and_has_is_what_its_release_says(docker_bench: DockerBench) -> None:
    """As its processes see it."""
    bench = docker_bench
    tmpfs = {"/tmp": "size=1m,exec,mode=1777"}  # noqa: S108 (a path in the container)
    release = replace(bench.release, environment={"GREETING": "hi"}, user="65534", pids=99, tmpfs=tmpfs)
    bench.runtime.start(joining("S1", 1), release)
    server = bench.container("S1")
    assert run_in(server, "sh", "-c", "echo $SERVER_ID $GREETING $(hostname) $(id -u)").strip() == "S1 hi S1 65534"
    script = "printf '#!/bin/sh\\necho ran' > /tmp/a && chmod +x /tmp/a && /tmp/a"
    assert run_in(server, "sh", "-c", script).strip() == "ran"
    assert run_in(server, "sh", "-c", "cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>&1 | grep 99")


def test_by_default_a_server_has_bounded_logs_and_processes_and_an_init_that_reaps(docker_bench: DockerBench) -> None:
    docker_bench.runtime.start(joining("S1", 1), docker_bench.release)
    server = docker_bench.container("S1")
    host = server.attrs["HostConfig"]
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
    assert (host["PidsLimit"], host["Tmpfs"]) == (512, {"/tmp": "size=64m"})  # noqa: S108 (a path in the container)
    run_in(server, "sh", "-c", "(sleep 0.01 &) ; sleep 0.1")
    states = run_in(server, "sh", "-c", "grep -h State /proc/[0-9]*/status")
    assert "zombie" not in states


def test_where_the_engine_has_no_init_a_server_starts_without_it(
    docker_bench: DockerBench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    api = docker_bench.runtime._api
    start = api.start
    refusal = 'exec: "docker-init": executable file not found in $PATH'

    def start_without_init(container: str) -> None:
        if api.inspect_container(container)["HostConfig"]["Init"]:
            raise APIError("refused", response=None, explanation=refusal)
        start(container)

    monkeypatch.setattr(api, "start", start_without_init)
    docker_bench.runtime.start(joining("S1", 1), docker_bench.release)
    assert docker_bench.container("S1").attrs["HostConfig"]["Init"] is False
    assert "no init on this engine" in caplog.text
    api.start = start


def test_a_container_of_before_is_asked_at_the_settings_port(docker_bench: DockerBench) -> None:
    """What a balancer of version 2 started tells neither port nor heartbeat, and its generation is its release."""
    labels = {"ringmaster.deployment": docker_bench.lab.name, "ringmaster.role": "server", "ringmaster.ring_id": "4"}
    told = {"ringmaster.release": "3", "ringmaster.instance": "S4.3"}
    docker_bench.neighbour("S4", labels=labels | told)
    (observed,) = docker_bench.runtime.observe().values()
    assert (observed.instance, observed.identity, observed.release) == ("S4.3", (4, 3), 3)
    assert observed.address.endswith(":5000")
    assert (observed.heartbeat, observed.fingerprint) == (None, "")


@pytest.mark.parametrize(
    "release",
    [
        {"environment": {"PASSWORD": "hunter2 hunter2"}, "working_dir": "/x\x7f"},
        {"log_options": {"no-such": "hunter2 hunter2"}},
    ],
)
def test_no_refusal_quotes_what_may_be_a_secret(docker_bench: DockerBench, release: dict[str, Any]) -> None:
    with pytest.raises(StartFailed) as refused:
        docker_bench.runtime.start(
            joining("S1", 1),
            replace(
                docker_bench.release, command=("/no/such",), entrypoint=("/hunter2 hunter2",), init=False, **release
            ),
        )
    assert "hunter2" not in str(refused.value)
    assert docker_bench.names == set()


def test_a_volume_of_a_deployment_itself_is_no_servers(docker_bench: DockerBench) -> None:
    """Whoever may deploy would read the balancer's state, or reach the edge's socket."""
    volume = docker_bench.volume("state", labels={"ringmaster.deployment": "any"})
    with pytest.raises(StartFailed, match=f"{volume} is Ringmaster's own"):
        docker_bench.runtime.start(joining("S1", 1), replace(docker_bench.release, volumes=(f"{volume}:/data",)))
    assert docker_bench.names == set()


def test_a_server_is_locked_down(docker_bench: DockerBench) -> None:
    docker_bench.runtime.start(joining("S1", 1), docker_bench.release)
    server = docker_bench.container("S1")
    status = dict(
        line.split(":\t", 1) for line in run_in(server, "cat", "/proc/1/status").splitlines() if ":\t" in line
    )
    assert {int(status[kind], 16) for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert run_in(server, "sh", "-c", "touch /tmp/here && echo written").strip() == "written"
    code, output = server.exec_run(["touch", "/opt/app/here"], user="0")
    assert (code, b"Read-only file system" in output) == (1, True)


def test_a_server_has_its_hostname_in_the_networks_dns(docker_bench: DockerBench) -> None:
    docker_bench.runtime.start(joining("S1", 1), docker_bench.release)
    neighbour = docker_bench.neighbour("neighbour")
    resolve = "import socket; print(socket.gethostbyname('S1'))"
    address = run_in(neighbour, "python3", "-c", resolve).strip()
    assert f"{address}:5000" == docker_bench.runtime.observe()["S1"].address


def test_the_new_container_of_a_server_has_the_hostname_of_the_old_one(docker_bench: DockerBench) -> None:
    """Whoever follows logs and names by hostname sees one server, before, while and after it is rolled."""
    docker_bench.runtime.start(joining("S1", 1), docker_bench.release)
    docker_bench.runtime.start(joining("S1", 1, generation=2), docker_bench.release)
    docker_bench.runtime.kill("S1")
    docker_bench.runtime.rename("S1.2", "S1")
    server = docker_bench.lab.engine.containers.get(docker_bench.spec.name_prefix + "S1")
    assert run_in(server, "sh", "-c", "echo $SERVER_ID $(hostname)").strip() == "S1 S1"
    neighbour = docker_bench.neighbour("neighbour")
    resolve = "import socket; print(socket.gethostbyname('S1'))"
    address = run_in(neighbour, "python3", "-c", resolve).strip()
    assert f"{address}:5000" == docker_bench.runtime.observe()["S1.2"].address


def test_a_server_of_before_releases_is_called_by_its_container_name(docker_bench: DockerBench) -> None:
    """What a balancer of version 1 started has neither label."""
    labels = {"ringmaster.deployment": docker_bench.lab.name, "ringmaster.role": "server", "ringmaster.ring_id": "4"}
    docker_bench.neighbour("S4", labels=labels)
    observed = docker_bench.runtime.observe()
    assert [(item.instance, item.container_name, item.identity) for item in observed.values()] == [("S4", "S4", (4, 1))]
    docker_bench.runtime.kill("S4")
    assert docker_bench.names == set()


@pytest.mark.parametrize(
    ("signal", "stop_signal", "is_ending"),
    [("SIGTERM", "", True), ("SIGQUIT", "", False), ("SIGTERM", "SIGQUIT", False), ("SIGQUIT", "SIGQUIT", True)],
)
def test_only_its_stop_signal_makes_a_server_an_ending_one(
    docker_bench: DockerBench, signal: str, stop_signal: str, is_ending: bool
) -> None:
    with ending(docker_bench, signal, stop_signal=stop_signal):
        assert docker_bench.runtime.observe()["S1"].ending is is_ending


def test_a_server_that_does_not_end_is_an_ending_one_no_longer_than_a_stop_may_take(docker_bench: DockerBench) -> None:
    with ending(docker_bench, "SIGTERM", stop_timeout=1):
        until(lambda: not docker_bench.runtime.observe()["S1"].ending, "S1 is not ending", within=5)
        assert docker_bench.runtime.observe()["S1"].running


def test_an_ending_server_keeps_its_name_until_it_has_ended(docker_bench: DockerBench) -> None:
    with ending(docker_bench, "SIGTERM"):
        with pytest.raises(NameTaken, match="is still ending"):
            docker_bench.runtime.start(joining("S1", 2), docker_bench.release)
        docker_bench.die("S1")
        until(lambda: not docker_bench.runtime.observe()["S1"].ending, "S1 has ended", within=5)
        docker_bench.runtime.start(joining("S1", 2), docker_bench.release)


def test_a_graceful_stop_lets_an_open_request_finish(docker_bench: DockerBench) -> None:
    docker_bench.runtime.start(joining("S1", 1), docker_bench.release)
    with open_request(docker_bench) as client:
        stop = threading.Thread(target=docker_bench.runtime.stop, args=("S1",))
        stop.start()
        until(lambda: "signal: term" in docker_bench.runtime.last_output("S1"), "S1 is asked to end", within=10)
        client.sendall(b"here")
        assert b'"body":"here"' in received(client)
        stop.join()
    assert docker_bench.names == set()


def test_a_stop_waits_no_longer_than_it_may(docker_bench: DockerBench) -> None:
    docker_bench.runtime.start(joining("S1", 1), replace(docker_bench.release, stop_timeout=1))
    with open_request(docker_bench) as client:
        docker_bench.runtime.stop("S1")
        assert docker_bench.names == set()
        assert received(client) == b""


def open_request(bench: DockerBench) -> socket.socket:
    """A connection to S1, which has begun to answer and waits for four bytes of the body."""
    address = bench.runtime.observe()["S1"].address
    until(lambda: answers(address), "S1 answers", within=15)
    host, _, port = address.partition(":")
    client = socket.create_connection((host, int(port)), timeout=15)
    client.sendall(b"POST /echo HTTP/1.1\r\nHost: S1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    assert client.recv(1024).startswith(b"HTTP/1.1 100 ")
    return client


def received(client: socket.socket) -> bytes:
    """Until the server closes, whichever way it does."""
    parts = []
    try:
        while part := client.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def test_what_is_known_of_a_failed_start_is_told_and_nothing_is_left(docker_bench: DockerBench) -> None:
    engine = docker_bench.lab.engine
    image, _ = engine.images.build(
        fileobj=io.BytesIO(f'FROM {docker_bench.lab.server_image}\nCMD ["/no/such/program"]'.encode()), forcerm=True
    )
    try:
        with pytest.raises(StartFailed, match="/no/such/program"):
            docker_bench.runtime.start(joining("S1", 1), Release(1, str(image.id), init=False))
        assert docker_bench.names == set()
    finally:
        engine.images.remove(str(image.id), noprune=True)


def test_a_network_that_is_gone_is_a_failed_start_and_nothing_is_left(docker_bench: DockerBench) -> None:
    docker_bench.change(network=f"{docker_bench.lab.name}-gone")
    with pytest.raises(StartFailed, match="gone"):
        docker_bench.runtime.start(joining("S1", 1), docker_bench.release)
    assert docker_bench.names == set()


@pytest.mark.parametrize("role", ["edge", "server", "none"])
def test_a_container_that_is_no_server_keeps_its_name_and_goes_on_running(docker_bench: DockerBench, role: str) -> None:
    """The deployment's own parts too, and what somebody labelled by hand: every server that we made has a ring id."""
    labels = docker_bench.lab.labels | {"ringmaster.role": role} if role != "none" else {}
    stranger = docker_bench.neighbour("S1", labels=labels)
    before = started(stranger)
    with pytest.raises(NameTaken, match=stranger.name):
        docker_bench.runtime.start(joining("S1", 1), docker_bench.release)
    docker_bench.runtime.stop("S1")
    docker_bench.runtime.kill("S1")
    assert docker_bench.runtime.observe() == {}
    assert started(stranger) == before
    assert stranger.status == "running"


def test_the_engine_may_come_later_than_the_balancer(docker_bench: DockerBench) -> None:
    with docker_bench.away(), pytest.raises(EngineUnavailable):
        docker_bench.runtime.observe()
    docker_bench.runtime.start(joining("S1", 1), docker_bench.release)
    assert list(docker_bench.runtime.observe()) == ["S1"]


@contextmanager
def ending(bench: DockerBench, signal: str, *, stop_timeout: int = 10, stop_signal: str = "") -> Iterator[None]:
    """S1 frozen, so that it does not act on the signal, of which the runtime has heard."""
    bench.runtime.start(joining("S1", 1), replace(bench.release, stop_timeout=stop_timeout, stop_signal=stop_signal))
    bench.hang("S1")
    heard = threading.Event()

    def listen() -> None:
        for change in bench.runtime.engine_events():
            if change.startswith("kill"):
                heard.set()
                return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    # Nothing tells when the engine knows of a listener.
    until(lambda: bench.container("S1").kill(signal=signal) or heard.wait(0.1), "the signal is heard of", within=5)
    yield
    listener.join(timeout=30)


def test_who_stops_listening_leaves_no_connection_behind(lab: Lab) -> None:
    container, stream = lab.run("heard", lab.server_image).id, EngineStream()
    ended = threading.Event()
    with closing(docker.from_env().api) as api:
        api.ping()
        before = count_all()
        signals = threading.Thread(target=send_signals, args=[container, ended])
        signals.start()
        gc.disable()  # it would close what the Docker library forgot, some time
        try:
            for _ in range(3):
                next(stream.events(api, stream.listen(), {"event": "kill"}))
            ended.set()
            signals.join()
            assert count_all() <= before
        finally:
            ended.set()
            gc.enable()


def send_signals(container: str, ended: threading.Event) -> None:
    """Until it is told to end: nobody knows when the engine knows of a listener."""
    with closing(docker.from_env().api) as api:
        while not ended.wait(0.1):
            api.kill(container, signal="SIGCONT")
