"""What the benches of real runtimes share: a door before the engine, and a keeper that comes through it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import pytest

from balancer.adapters.container_spec import ServerSpec
from tests.contract.engine_door import EngineDoor
from tests.contract.keeper_process import EVERY_IMAGE, KeeperProcess


class DoorBench(ABC):
    """The runtime finds the door in DOCKER_HOST. `kind`: the setting `runtime` of its keeper."""

    kind: ClassVar[str]

    def __init__(self, door: EngineDoor, spec: ServerSpec, folder: Path) -> None:
        self.door = door
        self.spec = spec
        self.runtime: Any
        self._folder = folder
        self._environment = pytest.MonkeyPatch()
        self._keepers = ExitStack()

    def __enter__(self) -> Self:
        self.door.open()
        self._environment.setenv("DOCKER_HOST", f"unix://{self.door.path}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as last:  # from below: each of them also where the one before it fails
            last.callback(self.door.shut)
            last.callback(self._clean)
            last.callback(self._environment.undo)
            last.callback(self._keepers.close)

    @abstractmethod
    def _clean(self) -> None:
        """Removes what is left, and closes the connections to the engine."""

    def start_keeper(self) -> None:
        """From now on the runtime is a keeper, which comes through the same door."""
        spec = self.spec
        names = {"deployment": spec.deployment, "name_prefix": spec.name_prefix, "network": spec.network}
        keeper = KeeperProcess(self._folder, engine=self.door.path, policy=EVERY_IMAGE, runtime=self.kind, **names)
        self._keepers.enter_context(keeper)
        self.runtime = keeper.client

    @contextmanager
    def away(self) -> Iterator[None]:
        self.door.shut()
        try:
            yield
        finally:
            self.door.open()
