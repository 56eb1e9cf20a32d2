"""The verbs: what a caller may ask of the keeper, and what the policy says to it. Nothing else reaches the engine."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any, Protocol

from balancer.adapters.docker_images import DockerImages
from balancer.adapters.revision_store import Revisions
from balancer.adapters.shared_look import SharedLook
from balancer.adapters.swarm import observed_task
from balancer.core.errors import ImageMissing, InvalidRequest, PullFailed, StartFailed
from balancer.core.image import NAME_RULE, Image, is_id, is_name
from balancer.core.observed import Observed
from balancer.core.policy import Policy
from balancer.core.release import Release
from balancer.ports.local_engine import LocalEngine
from balancer.ports.runtime import ContainerRuntime
from keeper import call
from keeper.call import Fields

Results = Generator[Any]
"""What a verb answers, as JSON: one value, or for the two streams any number of them."""

Table = Mapping[str, tuple[Callable[[Fields], Results], tuple[str, ...]]]
"""verb → what carries it out, and the fields that it has."""

_ON_ITS_WAY = ("Created", *observed_task.ON_ITS_WAY)
"""An engine's and Swarm's words for a container that a call is about to start: the call counts, and the container not
yet."""


_FIELDS = tuple(field.name for field in fields(Observed))
_heartbeat = lru_cache(maxsize=8)(asdict)
"""The containers of a release share one."""


class Runtime(ContainerRuntime, Protocol):
    def containers(self) -> list[Observed]:
        """All containers of this deployment's servers. Several of them may have one instance."""


class Verbs:
    """`local`: None where the servers run on several hosts. `revisions`: None where the fleet is kept elsewhere. The
    verbs of what is None do not exist."""

    def __init__(
        self,
        *,
        runtime: Runtime,
        local: LocalEngine | None,
        images: DockerImages,
        policy: Policy,
        revisions: Revisions | None = None,
    ) -> None:
        self._runtime = runtime
        self._images = images
        self._policy = policy
        self._lock = threading.Lock()
        self._starting = self._started = 0
        self._containers = SharedLook(self._list)
        self._at_first: int | None = None
        """The containers that there were at the first look: more than the settings allow by now, perhaps."""
        self._seen: set[tuple[str, str]] = set()
        """Fingerprint and content of what servers of this deployment are or were made of. It stays allowed, so that a
        roll under a new policy can go back."""
        self._verbs: Table = {
            "start": (self._start, ("server", "release", "avoid")),
            "observe": (self._observe, ()),
            "stop": (self._stop, ("instance",)),
            "kill": (self._kill, ("instance", "container")),
            "engine_events": (self._engine_events, ()),
            "last_output": (self._last_output, ("instance",)),
            "find": (self._find, ("name",)),
            "pull": (self._pull, ("name",)),
            **(_local_verbs(local) if local else {}),
            **(_revision_verbs(revisions) if revisions else {}),
        }

    def results(self, document: Mapping[str, Any]) -> Results:
        """Carries a call out, and yields its results as they come. Raises InvalidRequest for a call that is none, and
        the errors of the ports."""
        verb = document.get("verb")
        if not isinstance(verb, str) or verb not in self._verbs:
            raise InvalidRequest(f"there is no such verb; there is: {', '.join(self._verbs)}")
        carry_out, names = self._verbs[verb]
        return carry_out(call.all_fields(dict(document), "verb", *names))

    def _start(self, fields: Fields) -> Results:
        server, avoid = call.server(fields["server"]), call.nodes(fields["avoid"])
        try:
            release = call.release(fields["release"])
            image = self._image_to_run(release)
        except (InvalidRequest, PullFailed) as error:
            raise StartFailed(f"{server.hostname} cannot be created: {error}") from error
        if image is None:
            raise ImageMissing(f"{server.hostname} cannot be created: {release.image_missing}")
        with self._place(server.hostname):
            self._runtime.start(server, release.of(image), avoid=avoid)
        yield None

    def _image_to_run(self, release: Release) -> Image | None:
        """The image that the release means on the engine. Raises InvalidRequest, PullFailed for what the policy does
        not allow."""
        if release.content and self._made(release.content, release.is_named):
            return self._images.find(release.content) or Image(release.content)  # with the digest, for other nodes
        self._policy.check(release)
        return self._found(release.content or release.image)

    @contextmanager
    def _place(self, hostname: str) -> Iterator[None]:
        """Holds a place among the most containers that there may be: as many as the settings allow, or as there were
        when the keeper began and a surge beside them, so that they can be replaced and rolled. Raises StartFailed."""
        with self._lock:
            started = self._started
        present = self._present(self._containers())
        with self._lock:
            # Of those that started meanwhile some may be counted twice, so the second look decides.
            if self._is_full(present + self._started - started) and self._is_full(self._present(self._list())):
                raise StartFailed(f"{hostname} cannot be created: there are {self._most} containers already")
            self._starting += 1
        try:
            yield
        finally:
            with self._lock:
                self._starting -= 1
                self._started += 1

    @property
    def _most(self) -> int:
        return max(self._policy.servers, (self._at_first or 0) + self._policy.surge)

    def _is_full(self, present: int) -> bool:
        """The caller holds the lock."""
        return present + self._starting >= self._most

    @staticmethod
    def _present(containers: Sequence[Observed]) -> int:
        return sum(map(_counts, containers))

    def _list(self) -> list[Observed]:
        containers = self._runtime.containers()
        if self._at_first is None:
            self._at_first = len(containers)
        self._seen |= {(container.fingerprint, container.image) for container in containers}
        return containers

    def _made(self, content: str, fits: Callable[[str], bool] = lambda _: True) -> bool:
        """Whether a server of this deployment is or was made of the image, and its fingerprint fits. The containers are
        looked through only where no earlier look tells."""
        return self._has_seen(content, fits) or (bool(self._containers()) and self._has_seen(content, fits))

    def _has_seen(self, content: str, fits: Callable[[str], bool]) -> bool:
        seen = tuple(self._seen)  # other calls add to it
        return any(image == content and fits(fingerprint) for fingerprint, image in seen)

    def _observe(self, _: Fields) -> Results:
        yield {container.instance: _told(container) for container in self._containers()}

    def _stop(self, fields: Fields) -> Results:
        self._runtime.stop(call.name(fields["instance"]))
        yield None

    def _kill(self, fields: Fields) -> Results:
        self._runtime.kill(call.name(fields["instance"]), call.container(fields["container"]))
        yield None

    def _engine_events(self, _: Fields) -> Results:
        yield from self._runtime.engine_events()

    def _last_output(self, fields: Fields) -> Results:
        yield self._runtime.last_output(call.name(fields["instance"]))

    def _find(self, fields: Fields) -> Results:
        found = self._found(fields["name"])
        yield found and asdict(found)

    def _pull(self, fields: Fields) -> Results:
        name = self._allowed_name(fields["name"])
        if is_id(name):
            raise PullFailed(f"no registry knows an image by its id {name}")
        for progress in self._images.pull(name):
            yield asdict(progress)

    def _found(self, name: object) -> Image | None:
        """The image of this name or id. Raises PullFailed for one that the policy does not allow. Whatever the engine
        took the name for, the image that it found is judged by its own names."""
        wanted = self._allowed_name(name)
        found, names = self._images.look(wanted)
        if not found or self._policy.allows_image(found.content, names) or self._made(found.content):
            return found
        raise PullFailed(f"the policy of this deployment does not allow the image {wanted}; policy.images names others")

    def _allowed_name(self, name: object) -> str:
        """The name of an image that may run, or any id. Raises PullFailed."""
        if not isinstance(name, str) or not is_name(name):
            raise PullFailed(f"an image must be {NAME_RULE}")
        try:
            if not is_id(name):
                self._policy.check_name(name)
        except InvalidRequest as error:
            raise PullFailed(str(error)) from error
        return name


def _counts(container: Observed) -> bool:
    """Whether the container takes a place. One that a call is about to start does not, and neither does one that is
    removed with its node down: it ends when the node is back."""
    return container.status not in _ON_ITS_WAY and (container.running or not container.ending)


def _local_verbs(local: LocalEngine) -> Table:
    def rename(fields: Fields) -> Results:
        local.rename(call.name(fields["instance"]), call.name(fields["name"]))
        yield None

    def is_stopped(fields: Fields) -> Results:
        yield local.is_stopped(call.name(fields["instance"]))

    return {"rename": (rename, ("instance", "name")), "is_stopped": (is_stopped, ("instance",))}


def _revision_verbs(revisions: Revisions) -> Table:
    def newest(_: Fields) -> Results:
        found = revisions.newest()
        yield found and {"revision": found[0], "content": b64encode(found[1]).decode()}

    def replace(fields: Fields) -> Results:
        yield revisions.replace(call.revision(fields["expected"]), call.content(fields["content"]))

    return {"newest": (newest, ()), "replace": (replace, ("expected", "content"))}


def _told(container: Observed) -> dict[str, Any]:
    """What dataclasses.asdict returns, without its copies: of a thousand containers they take 18 ms."""
    told = {name: getattr(container, name) for name in _FIELDS}
    return {**told, "heartbeat": container.heartbeat and _heartbeat(container.heartbeat)}
