"""What the Swarm API is told of a server's service. With a real Swarm: tests/swarm."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from balancer.adapters.container_spec import ServerSpec
from balancer.adapters.swarm import service_spec
from balancer.core.errors import InvalidRequest
from balancer.core.fleet import Server
from balancer.core.lifecycle import State
from balancer.core.release import Release

SPEC = ServerSpec(deployment="shop", name_prefix="shop-", network="shop-net", port=5000)
SERVER = Server("S1", 4, State.JOINING, release=3, rolled=True, generation=7)
CONTENT = f"sha256:{'0a' * 32}"
NEW = (1, 44)
OLD = (1, 41)


def told(release: Release, *, api: tuple[int, int] = NEW) -> dict[str, Any]:
    return service_spec.service(SERVER, release, SPEC, constraints=("node.role==worker",), api=api, init=True)


def container(release: Release, *, api: tuple[int, int] = NEW) -> dict[str, Any]:
    found: dict[str, Any] = told(release, api=api)["task_template"]["ContainerSpec"]
    return found


def test_one_service_is_one_container_that_nobody_but_the_balancer_starts_again() -> None:
    service = told(Release())
    assert service["mode"] == {"Replicated": {"Replicas": 1}}
    assert service["endpoint_spec"] == {"Mode": "dnsrr"}
    task = service["task_template"]
    assert task["RestartPolicy"] == {"Condition": "none"}
    assert task["Placement"] == {
        "Constraints": ["node.role==worker"],
        "Preferences": [{"Spread": {"SpreadDescriptor": "node.id"}}],
    }
    assert task["Networks"] == [{"Target": "shop-net", "Aliases": ["S1"]}]


def test_service_and_container_have_the_labels_by_which_they_are_known() -> None:
    service = told(Release(3, labels={"team": "shop"}, content=CONTENT))
    labels = service["labels"]
    assert labels == service["task_template"]["ContainerSpec"]["Labels"]
    assert labels.items() >= {
        ("ringmaster.deployment", "shop"),
        ("ringmaster.role", "server"),
        ("ringmaster.instance", "S1.7"),
        ("ringmaster.ring_id", "4"),
        ("ringmaster.content", CONTENT),
        ("team", "shop"),
    }


def test_a_server_is_named_by_hostname_ring_id_and_generation() -> None:
    assert service_spec.name(SERVER, SPEC) == "shop-S1-4-7"


def test_a_long_hostname_is_cut_and_the_name_stays_its_own() -> None:
    servers = [replace(SERVER, hostname="h" * 63, ring_id=number) for number in (2**31 - 1, 2**31 - 2)]
    names = {service_spec.name(server, SPEC) for server in servers}
    assert len(names) == 2
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{,61}[A-Za-z0-9]", name) for name in names)


def test_an_image_is_named_by_its_digest_its_content_or_its_name() -> None:
    """Other nodes can pull a digest; a content they have, or have not."""
    release = Release(image="shop:3")
    assert container(release)["Image"] == "shop:3"
    assert container(replace(release, content=CONTENT))["Image"] == CONTENT
    assert container(replace(release, content=CONTENT, digest="r/shop@sha256:1"))["Image"] == "r/shop@sha256:1"


def test_a_container_is_locked_down_and_bounded_as_on_one_host() -> None:
    release = Release(memory="64m", cpus=0.5, pids=99, capabilities=("NET_BIND_SERVICE",))
    told_of = container(release)
    assert (told_of["ReadOnly"], told_of["Init"]) == (True, True)
    assert told_of["CapabilityDrop"] == ["ALL"]
    assert told_of["CapabilityAdd"] == ["NET_BIND_SERVICE"]
    assert told_of["Healthcheck"] == {"Test": ["NONE"]}
    limits = told(release)["task_template"]["Resources"]["Limits"]
    assert limits == {"MemoryBytes": 64 << 20, "NanoCPUs": 500_000_000, "Pids": 99}


def test_no_new_privileges_are_told_where_the_api_has_them() -> None:
    assert container(Release(), api=NEW)["Privileges"] == {"NoNewPrivileges": True}
    assert "Privileges" not in container(Release(), api=OLD)


def test_what_is_empty_or_0_is_left_to_the_image_or_the_engine() -> None:
    told_of = container(Release())
    assert not {"Command", "Args", "User", "Dir", "StopSignal", "CapabilityAdd"} & told_of.keys()
    assert told(Release(memory="", pids=0))["task_template"]["Resources"] == {"Limits": {}}


def test_the_command_is_in_swarms_words() -> None:
    told_of = container(Release(command=("60",), entrypoint=("sleep",), stop_signal="SIGQUIT", stop_timeout=3))
    assert (told_of["Command"], told_of["Args"]) == (["sleep"], ["60"])
    assert (told_of["StopSignal"], told_of["StopGracePeriod"]) == ("SIGQUIT", 3_000_000_000)


def test_a_server_may_be_given_no_time_to_end() -> None:
    assert container(Release(stop_timeout=0))["StopGracePeriod"] == 0


def test_no_value_is_a_template() -> None:
    environment = {"A": "{{.Node.Hostname}}", "SERVER_ID": "not mine to set"}
    assert container(Release(environment=environment))["Env"] == ['A={{"{{"}}.Node.Hostname}}', "SERVER_ID=S1"]


def test_no_path_of_a_mount_is_a_template() -> None:
    release = Release(volumes=("/{{a}}:/{{b}}",), tmpfs={"/{{c}}": ""})
    tmpfs, volume = container(release)["Mounts"]
    assert tmpfs["Target"] == '/{{"{{"}}c}}'
    assert (volume["Source"], volume["Target"]) == ('/{{"{{"}}a}}', '/{{"{{"}}b}}')


def test_volumes_folders_and_folders_in_memory_are_mounts() -> None:
    release = Release(volumes=("data:/data", "/srv:/srv:ro"), tmpfs={"/run": "", "/tmp": "size=1m,mode=1777,noexec"})  # noqa: S108
    assert container(release)["Mounts"] == [
        {"Target": "/run", "Type": "tmpfs", "TmpfsOptions": {}},
        {"Target": "/tmp", "Type": "tmpfs", "TmpfsOptions": {"SizeBytes": 1 << 20, "Mode": 0o1777}},  # noqa: S108
        {"Target": "/data", "Source": "data", "Type": "volume", "ReadOnly": False},
        {"Target": "/srv", "Source": "/srv", "Type": "bind", "ReadOnly": True},
    ]


def test_a_folder_in_memory_may_run_programs_where_the_api_has_it() -> None:
    release = Release(tmpfs={"/run": "exec"})
    [mount] = container(release, api=(1, 46))["Mounts"]
    assert mount["TmpfsOptions"] == {"Options": [["exec"]]}
    with pytest.raises(InvalidRequest, match="server_tmpfs: Swarm cannot give /run the option exec"):
        container(release, api=OLD)


@pytest.mark.parametrize("option", ["uid=7", "gid=7", "nr_inodes=5k", "size=10%"])
def test_what_swarm_cannot_give_is_refused(option: str) -> None:
    with pytest.raises(InvalidRequest, match=f"Swarm cannot give /run the option {option}$"):
        container(Release(tmpfs={"/run": option}))


def test_a_server_can_be_kept_off_nodes() -> None:
    assert list(service_spec.not_on({"w2", "w1"})) == ["node.hostname!=w1", "node.hostname!=w2"]
    assert list(service_spec.not_on(())) == []
