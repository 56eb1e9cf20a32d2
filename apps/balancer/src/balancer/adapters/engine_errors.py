"""What the Docker library raises, in the words of the ports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from docker.errors import DockerException

from balancer.core.errors import EngineUnavailable


@contextmanager
def engine_errors() -> Iterator[None]:
    """Raises every error of the Docker library, the connection and the engine as EngineUnavailable."""
    try:
        yield
    except (DockerException, requests.RequestException, OSError) as error:
        raise EngineUnavailable(f"the Docker engine does not do what it should: {error}") from error
