"""What every container is allowed: looked at from outside (the engine) and from inside (the kernel)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial

import pytest
import testinfra
from docker.models.containers import Container
from testinfra.host import Host

from tests.deployment import SOCKET
from tests.infra.make import MadeSystem
from tests.polling import until

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]

USER = 10001
KEEPER = 10002
"""A user of its own in the group USER."""


def inside(container: Container) -> Host:
    """The machine that a container is for what runs in it, with the rights of what runs in it."""
    return testinfra.get_host(f"docker://{container.name}")


def is_keeper(container: Container) -> bool:
    return bool(container.labels["ringmaster.role"] == "keeper")


def user_of(container: Container) -> int:
    return KEEPER if is_keeper(container) else USER


def health(container: Container) -> str:
    container.reload()
    return str(container.attrs["State"]["Health"]["Status"])


def status(container: Container) -> dict[str, list[str]]:
    """What the kernel says about the container's first process."""
    lines = inside(container).file("/proc/1/status").content_string.splitlines()
    return {name: value.split() for name, value in (line.split(":", 1) for line in lines)}


def limit(container: Container, name: str, of_version_1: str) -> int:
    """A limit of the container's control group, by its name in version 2 and its path in version 1."""
    groups = inside(container)
    path = f"/sys/fs/cgroup/{name}"
    return int(groups.file(path if groups.file(path).exists else f"/sys/fs/cgroup/{of_version_1}").content_string)


def test_every_process_runs_as_the_user_without_rights(containers: list[Container], here: Host) -> None:
    for container in containers:
        user = user_of(container)
        assert container.attrs["Config"]["User"] == f"{user}:{USER}"
        rows = here.check_output(f"docker top {container.name} -eo pid,ruid,euid,suid,rgid,egid,sgid").splitlines()[1:]
        assert rows
        assert {number for row in rows for number in row.split()[1:4]} == {str(user)}
        assert {number for row in rows for number in row.split()[4:]} == {str(USER)}


def test_a_shell_inside_is_the_same_user(containers: list[Container]) -> None:
    for container in containers:
        identity = inside(container).check_output("id")
        user, name = user_of(container), "ringmaster-keeper" if is_keeper(container) else "ringmaster"
        assert identity.startswith(f"uid={user}({name}) gid={USER}(ringmaster) ")


def test_the_kernel_gives_no_capability_and_no_way_to_get_one(containers: list[Container]) -> None:
    for container in containers:
        host = container.attrs["HostConfig"]
        assert not host["Privileged"]
        assert host["CapDrop"] == ["ALL"]
        assert not host["CapAdd"]
        # SELinux would let no confined container use the engine's socket.
        unconfined = ["label=disable"] if is_keeper(container) else []
        assert sorted(host["SecurityOpt"]) == sorted(["no-new-privileges", *unconfined])
        kernel = status(container)
        assert {int(kernel[name][0], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
        assert kernel["NoNewPrivs"] == ["1"]


def test_system_calls_pass_the_engines_filter(containers: list[Container], here: Host) -> None:
    """SecurityOpt names no profile, so that it is the engine's own; 2 is a filter."""
    assert "name=seccomp,profile=default" in here.check_output("docker info --format '{{.SecurityOptions}}'").replace(
        "profile=builtin", "profile=default"
    )
    for container in containers:
        assert status(container)["Seccomp"] == ["2"]
        assert inside(container).run("unshare --user true").failed


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory`: bytes. `tmpfs`: path → KiB."""

    memory: int
    pids: int
    tmpfs: dict[str, int]


MB = 1 << 20
LIMITS = {
    "keeper": Limits(128 * MB, 512 + 4 * 64, {"/tmp": 4 * 1024}),  # noqa: S108 (a path in the container)
    "edge": Limits(1024 * MB, 2048, {"/tmp": 16 * 1024}),  # noqa: S108 (a path in the container)
    "balancer": Limits(512 * MB, 512 + 4 * 64, {"/tmp": 64 * 1024}),  # noqa: S108 (a path in the container)
    "server": Limits(512 * MB, 512, {"/tmp": 64 * 1024}),  # noqa: S108 (a path in the container)
}


def test_the_engine_has_limits_of_memory_and_processes(containers: list[Container]) -> None:
    for container in containers:
        host, limits = container.attrs["HostConfig"], LIMITS[container.labels["ringmaster.role"]]
        assert (host["Memory"], host["PidsLimit"]) == (limits.memory, limits.pids)
        assert host["MemorySwap"] in (limits.memory, -1)  # -1: a host that cannot limit swap
        assert not host["OomKillDisable"]


def test_the_kernel_has_them_too(containers: list[Container]) -> None:
    for container in containers:
        limits = LIMITS[container.labels["ringmaster.role"]]
        assert limit(container, "memory.max", "memory/memory.limit_in_bytes") == limits.memory
        assert limit(container, "pids.max", "pids/pids.max") == limits.pids


def test_what_lies_in_memory_has_a_size(containers: list[Container]) -> None:
    """All tmpfs that can be written, the engine's own /dev and /dev/shm included."""
    for container in containers:
        rows = inside(container).check_output("df -k -t tmpfs --output=target,size").splitlines()[1:]
        sizes = {path: int(size) for path, size in (row.split() for row in rows)}
        ours = LIMITS[container.labels["ringmaster.role"]].tmpfs
        assert {path: size for path, size in sizes.items() if path in ours} == ours
        assert sizes["/dev/shm"] <= 64 * 1024  # noqa: S108 (the engine's own)
        writable = [path for path in sizes if inside(container).run(f"test -w {path}").succeeded]
        assert set(writable) <= {*ours, "/dev/shm"}  # noqa: S108 (the engine's own)


def test_the_root_file_system_is_read_only(containers: list[Container]) -> None:
    for container in containers:
        machine = inside(container)
        assert container.attrs["HostConfig"]["ReadonlyRootfs"]
        assert "ro" in machine.mount_point("/").options
        attempt = machine.run("touch /intruder /etc/intruder /opt/intruder /usr/local/bin/intruder")
        assert attempt.stderr.count("Read-only file system") == 4
        assert machine.run("touch /tmp/note && rm /tmp/note").succeeded


def test_all_come_back_by_themselves_but_servers_which_the_balancer_replaces(system: MadeSystem) -> None:
    policies = {
        container.labels["ringmaster.role"]: container.attrs["HostConfig"]["RestartPolicy"]["Name"] or "no"
        for container in system.containers.all
    }
    assert policies == {"edge": "always", "balancer": "always", "keeper": "always", "server": "no"}


def test_logs_cannot_fill_the_disk(containers: list[Container]) -> None:
    for container in containers:
        logs = container.attrs["HostConfig"]["LogConfig"]
        assert logs == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}


def test_all_are_healthy(system: MadeSystem) -> None:
    def is_healthy(container: Container) -> bool:
        return health(container) == "healthy"

    for container in (system.containers.edge, system.containers.balancer, system.containers.keeper):
        until(partial(is_healthy, container), f"{container.name} is healthy", within=15)
    # The engine asks a server for the first time after half a minute; the balancer does not wait for that.
    assert {health(server) for server in system.containers.of("server")} <= {"healthy", "starting"}


def test_labels_tell_deployment_role_and_ring_id(system: MadeSystem) -> None:
    labels = [
        {name: value for name, value in container.labels.items() if name.startswith("ringmaster.")}
        for container in system.containers.all
    ]
    assert {label["ringmaster.deployment"] for label in labels} == {system.deployment}
    ring_ids = [label.get("ringmaster.ring_id") for label in labels if label["ringmaster.role"] == "server"]
    assert all(re.fullmatch(r"\d+", ring_id or "") for ring_id in ring_ids)
    assert len(set(ring_ids)) == len(ring_ids) == len(system.replicas)
    rest = [set(label) for label in labels if label["ringmaster.role"] != "server"]
    assert rest == [{"ringmaster.deployment", "ringmaster.role"}] * 3


def test_containers_carry_the_prefix_and_hostnames_do_not(system: MadeSystem) -> None:
    servers = system.containers.servers
    assert set(servers) == set(system.replicas)
    assert {server.name for server in servers.values()} == {system.prefix + name for name in system.replicas}
    assert system.containers.edge.name == f"{system.prefix}ringmaster-edge"
    assert system.containers.balancer.name == f"{system.prefix}ringmaster-balancer"
    assert system.containers.keeper.name == f"{system.prefix}ringmaster-keeper"
    for name, server in servers.items():
        machine = inside(server)
        assert machine.check_output("hostname") == name
        assert machine.environment()["SERVER_ID"] == name


def test_they_find_each_other_by_name(system: MadeSystem) -> None:
    names = ["ringmaster-edge", *system.replicas]
    machine = inside(system.containers.balancer)
    found = {name: machine.addr(name).ipv4_addresses for name in names}
    addresses = {
        container.name: container.attrs["NetworkSettings"]["Networks"][f"{system.prefix}ringmaster"]["IPAddress"]
        for container in system.containers.all
        if not is_keeper(container)
    }
    assert found == {name: [addresses[system.prefix + name]] for name in names}


def test_only_the_keeper_holds_the_engines_socket_and_only_what_must_last_is_mounted(system: MadeSystem) -> None:
    mounts = {
        container.labels["ringmaster.role"]: {
            mount["Destination"]: mount.get("Name") or mount["Source"] for mount in container.attrs["Mounts"]
        }
        for container in system.containers.all
    }
    state, edge, keeper = (f"{system.prefix}ringmaster-{name}" for name in ("state", "edge", "keeper"))
    assert mounts == {
        "balancer": {"/var/lib/ringmaster": state, "/run/ringmaster": edge, "/run/keeper": keeper},
        "keeper": {"/run/keeper": keeper, "/var/run/docker.sock": str(SOCKET)},
        "edge": {"/run/ringmaster": edge},
        "server": {},
    }


def test_the_keeper_may_use_the_socket_through_its_group_alone(system: MadeSystem, here: Host) -> None:
    keeper = system.containers.keeper
    socket = inside(keeper).file("/var/run/docker.sock")
    group = str(here.file(str(SOCKET)).gid)
    assert socket.is_socket
    assert str(socket.gid) == group
    assert keeper.attrs["HostConfig"]["GroupAdd"] == [group]
    assert set(status(keeper)["Groups"]) <= {str(USER), group}
    assert not system.containers.balancer.attrs["HostConfig"]["GroupAdd"]
    assert set(status(system.containers.balancer)["Groups"]) <= {str(USER)}


def test_the_keeper_has_no_network_and_a_socket_for_the_balancer_alone(system: MadeSystem) -> None:
    keeper, balancer = system.containers.keeper, system.containers.balancer
    assert inside(keeper).check_output("ls /sys/class/net").split() == ["lo"]
    socket, folder = inside(balancer).file("/run/keeper/keeper.sock"), inside(balancer).file("/run/keeper")
    assert (socket.uid, socket.gid, socket.mode) == (KEEPER, USER, 0o660)
    assert (folder.uid, folder.gid, folder.mode) == (KEEPER, USER, 0o750)
    assert "ro" in inside(balancer).mount_point("/run/keeper").options


def test_volumes_belong_to_the_user_and_to_nobody_else(system: MadeSystem) -> None:
    machine = inside(system.containers.balancer)
    for path in ("/var/lib/ringmaster", "/run/ringmaster"):
        folder = machine.file(path)
        assert (folder.uid, folder.gid, folder.mode & 0o007) == (USER, USER, 0)
    owners = machine.check_output("find /var/lib/ringmaster /run/ringmaster -printf '%U:%G\\n'").split()
    assert set(owners) == {f"{USER}:{USER}"}


def test_images_carry_the_deployment_and_no_role(system: MadeSystem) -> None:
    """A role would be inherited by whatever somebody starts from the image, and taken for one of the fleet."""
    for role in ("edge", "balancer", "server"):
        (image,) = {container.image for container in system.containers.of(role)}
        assert re.fullmatch(rf"{system.prefix}ringmaster-{role}:[0-9a-f]{{12}}", "".join(image.tags))
        assert image.labels == {"ringmaster.deployment": system.deployment}
        assert image.attrs["Config"]["User"] == f"{USER}:{USER}"
        assert image.attrs["Config"]["Healthcheck"]


def test_no_module_of_theirs_is_compiled_when_they_start(system: MadeSystem) -> None:
    for container in (system.containers.balancer, system.containers.of("server")[0]):
        command = ["python3", "-v", "-c", "import runpy; runpy.run_path('/opt/app/gunicorn.conf.py')"]
        code, output = container.exec_run(command)
        told = output.decode()
        assert code == 0, told
        assert "matches /opt/app/" in told, "no module was loaded from there"
        assert not re.findall(r"# code object from '?(/opt/\S+\.py)\b", told)


def test_the_balancer_logs_one_object_a_line(system: MadeSystem) -> None:
    lines = system.containers.logs("balancer", since=1).splitlines()
    assert lines
    assert all({"time", "level", "message"} <= set(json.loads(line)) for line in lines)


def test_the_keeper_logs_one_object_a_line(system: MadeSystem) -> None:
    lines = system.containers.logs("keeper", since=1).splitlines()
    assert all({"time", "level", "message"} <= set(json.loads(line)) for line in lines)
