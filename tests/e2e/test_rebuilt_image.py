"""Other sources of the sample server, of which some do not work: the image that servers run is still there for the next
one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.containers import crash
from tests.deployment import Deployment
from tests.polling import until

pytestmark = [pytest.mark.docker, pytest.mark.terraform]


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with Deployment(replicas=2) as deployment:
        yield deployment


def server_images(deployment: Deployment) -> set[str]:
    """The names of the server's images that the engine has."""
    engine = deployment.containers.engine
    repository = f"{deployment.deployment}-ringmaster-server"
    return {tag for image in engine.images.list(repository) for tag in image.tags}


def run_by_servers(deployment: Deployment) -> set[str]:
    """The names of the images that servers run; of one without a name, nothing."""
    return {tag for server in deployment.containers.of("server") for tag in server.image.tags}


def ended(deployment: Deployment) -> str:
    until(lambda: deployment.stage in ("done", "rolled back", "stuck"), "the deploy has ended", within=90)
    return deployment.stage


@pytest.mark.long
def test_after_a_release_that_does_not_start_a_dead_server_is_replaced_by_one_like_it(deployment: Deployment) -> None:
    (first,) = server_images(deployment)
    program = deployment.own_server() / "gunicorn.conf.py"
    text = f"{program.read_text()}\n# Another release.\n"
    program.write_text(text)
    deployment.apply()
    assert ended(deployment) == "done"
    (good,) = run_by_servers(deployment)
    assert good != first

    program.write_text(f"{text}\nraise SystemExit('broken on purpose')\n")
    deployment.apply()
    assert ended(deployment) == "rolled back"
    (broken,) = server_images(deployment) - {first, good}
    assert {good, broken} <= server_images(deployment)

    victim, survivor = deployment.replicas
    crash(deployment.containers.server(victim))
    until(lambda: victim not in deployment.replicas and deployment.is_ready, f"{victim} is replaced", within=30)
    assert survivor in deployment.replicas
    assert run_by_servers(deployment) == {good}
    assert deployment.plan() == ""

    program.write_text(text)
    deployment.apply()
    assert ended(deployment) == "done"
    assert run_by_servers(deployment) == {good}
    assert server_images(deployment) == {good}
