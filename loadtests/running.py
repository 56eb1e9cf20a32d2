"""The deployment that runs on this machine, found by its published port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import docker

from tests.containers import DEPLOYMENT
from tests.deployment import Deployment
from tests.system import System


class CannotMeasure(Exception):
    """There is nothing to measure, or it changed meanwhile."""


@contextmanager
def engine() -> Iterator[docker.DockerClient]:
    """This machine's Docker engine. Raises CannotMeasure where none answers."""
    try:
        here = docker.from_env()
        here.ping()
    except docker.errors.DockerException as error:
        raise CannotMeasure(f"no Docker engine answers ({error}); run: make host") from error
    try:
        yield here
    finally:
        here.close()


@contextmanager
def running_or_own(url: str, control_url: str, token: str, **variables: Any) -> Iterator[System]:
    """The running deployment at `url`; without one a deployment of these variables, which is taken away afterwards.
    Raises CannotMeasure."""
    if url:
        system = running(url, control_url, token)
        with closing(system.containers):
            yield system
    else:
        with Deployment(**variables) as deployment:
            yield deployment


def running(url: str, control_url: str, token: str = "") -> System:
    """The deployment that publishes the port of `url` on this machine's engine. Raises CannotMeasure."""
    advice = "bring one up with `make up`, or leave --url out to measure a temporary one"
    try:
        port = urlsplit(url).port or 80
    except ValueError as error:
        raise CannotMeasure(f"{url} is no URL: {error}") from error
    names = _publishing(port)
    if not names:
        raise CannotMeasure(f"no deployment publishes {url}: {advice}")
    system = System(names.pop(), url=url, control_url=control_url, token=token)
    try:
        ready = system.readyz()
    except OSError as error:
        raise CannotMeasure(f"nothing answers at {control_url} ({error}); say where it is: --control-url") from error
    if ready.status == HTTPStatus.UNAUTHORIZED:
        raise CannotMeasure(f"{control_url} wants the deployment's token: --token, or RINGMASTER_TOKEN=…")
    if ready.status == HTTPStatus.SERVICE_UNAVAILABLE:
        raise CannotMeasure(f"the deployment is not ready: {ready.text}")
    if _publishing(urlsplit(control_url).port or 80) != {system.deployment}:
        raise CannotMeasure(f"{control_url} is not the control port of the deployment at {url}: say --control-url")
    return system


def _publishing(port: int) -> set[str]:
    """The names of the deployments that publish the port, of which there is one or none."""
    with engine() as here:
        found = here.containers.list(filters={"publish": str(port), "label": DEPLOYMENT}, ignore_removed=True)
        return {container.labels[DEPLOYMENT] for container in found}
