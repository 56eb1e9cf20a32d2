"""Images in memory: those of an engine, and those of the registries that it pulls from."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from contextlib import suppress
from itertools import repeat

from balancer.core.errors import EngineUnavailable, PullFailed
from balancer.core.image import Image, Progress
from tests.fakes.fault import Fault
from tests.fakes.process import Process

WHOLE = Progress(layers=2, layers_done=2, size=30_000_000, loaded=30_000_000)
HALF = Progress(layers=2, layers_done=1, size=30_000_000, loaded=20_000_000)


class FakeImages:
    """An Images. `away`: makes its calls fail. `here`: name → image on the engine. `there`: name → image in a registry;
    with `has_everything` every other name is there, too.

    `broken`: names whose pull fails half-way. `silent`: names whose registry never answers. `pulled`: the names of all
    pulls. `running`: how many pulls run now."""

    def __init__(self, process: Process | None = None) -> None:
        self.away = Fault()
        self.here: dict[str, Image] = {}
        self.there: dict[str, Image] = {}
        self.has_everything = True
        self.broken: Collection[str] = ()
        self.silent: Collection[str] = ()
        self.pulled: list[str] = []
        self.running = 0
        self._process = process or Process()

    def find(self, name: str) -> Image | None:
        self._call()
        if ".." in name:
            raise PullFailed(f"{name} cannot be found: invalid reference format")
        by_id = (image for image in list(self.here.values()) if name in (image.content, image.digest))
        return self.here.get(name) or next(by_id, None)

    def pull(self, name: str) -> Generator[Progress]:
        self._call()
        self.pulled.append(name)
        self.running += 1
        try:
            yield Progress()
            for progress in self._told(name):
                self._call()
                yield progress
            self.here[name] = self._there(name)
        finally:
            self.running -= 1

    def anything(self, name: str) -> Image:
        """What a registry that has everything has under this name."""
        content = f"sha256:{name.encode().hex():0<64.64}"
        return Image(content, f"{name.partition('@')[0]}@{content}")

    def build(self, name: str, content: str) -> Image:
        """The name means this image on the engine from now on. What it meant before stays, without a name."""
        with suppress(KeyError):
            before = self.here.pop(name)
            self.here[before.content] = before
        self.here[name] = Image(content)
        return self.here[name]

    def prune(self) -> None:
        """The engine loses every image. Running containers keep theirs in truth, which no service sees."""
        self.here.clear()

    def _told(self, name: str) -> Iterable[Progress]:
        if name in self.silent:
            return repeat(Progress())
        if name in self.broken:
            return self._break_off(name)
        self._there(name)
        return HALF, WHOLE

    def _break_off(self, name: str) -> Iterable[Progress]:
        yield HALF
        raise PullFailed(f"{name} cannot be pulled: no space left on device")

    def _there(self, name: str) -> Image:
        by_digest = {image.digest: image for image in self.there.values()}
        found = self.there.get(name) or by_digest.get(name)
        if found is None and self.has_everything:
            found = self.there[name] = self.anything(name)
        if found is None:
            raise PullFailed(f"{name} cannot be pulled: manifest unknown")
        return found

    def _call(self) -> None:
        self._process.acts()
        if self.away.hits:
            raise EngineUnavailable("the engine does not answer")
