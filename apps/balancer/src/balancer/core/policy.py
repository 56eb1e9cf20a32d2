"""The policy of a deployment: what a release may ask for. What the settings themselves ask for is always allowed.

The balancer asks it early, for a clear answer. The keeper asks it again, and is the one that counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from balancer.core.document import known_fields, printable
from balancer.core.errors import InvalidRequest
from balancer.core.image import is_id
from balancer.core.linux_names import HARMLESS_CAPABILITIES
from balancer.core.registry_credentials import DOCKER_HUB, begins_with_host, registry_of_image
from balancer.core.release import FIELDS, Release
from balancer.core.value_kinds import ARGUMENTS

EVERY_IMAGE = "*"
_CAPABILITIES = HARMLESS_CAPABILITIES - {"MKNOD", "NET_RAW"}
"""Without those that make devices and forge packets."""
_LOG_DRIVERS = ("json-file", "local", "none")
"""The drivers that write to files of the container alone. The host's journal is of a limited size and everybody's: a
server could flood the other entries out of it, and write some under another program's name."""
_LOG_OPTIONS = ("max-size", "max-file", "compress", "labels", "env", "tag", "mode")
"""Not max-buffer-size: that memory is the engine's, beyond every limit of the server."""
_UNITS = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_KINDS = {
    "images": ARGUMENTS,
    "volumes": ARGUMENTS,
    "labels": ARGUMENTS,
    "capabilities": FIELDS["capabilities"].kind,
    "memory": FIELDS["memory"].kind,
    "cpus": FIELDS["cpus"].kind,
    "pids": FIELDS["pids"].kind,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`release`: what the settings ask for. `servers`: the most containers of servers at once; `surge`: how many a roll
    starts beside those that run. `images`, `volumes` and `labels` are patterns of names; `*` stands for anything but a
    slash, and as a whole image for every image. `memory`, `cpus` and `pids` are ceilings; empty or 0: none. (A folder
    in memory counts to the memory of its server.)"""

    release: Release = field(default_factory=Release)
    servers: int = 0
    surge: int = 1
    images: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    memory: str = "4g"
    cpus: float = 0
    pids: int = 4096

    def check(self, release: Release) -> None:
        """Raises InvalidRequest for a release that asks for more. One whose image is an id is to be judged by
        `allows_image`, too."""
        if not is_id(release.image):
            self.check_name(release.image)
        self._check_reach(release)
        self._check_ceilings(release)
        self._check_log(release)

    def check_name(self, name: str) -> None:
        """Raises InvalidRequest where no image of this name may run."""
        if not self._allows_name(name):
            raise _beyond("image", name, "images", example=_as_pattern(name))

    def allows_image(self, content: str, names: Collection[str]) -> bool:
        """Whether the image of this id may run. `names`: what the engine calls it, by tags and digests. One without a
        name may: nobody can guess its id, and the keeper tells only those of images that may run."""
        own = (self.release.content, self.release.image, f"sha256:{self.release.image}")
        return not names or content in own or any(map(self._allows_name, names))

    def _allows_name(self, name: str) -> bool:
        """Whether an image's repository is the settings' image's, or a pattern is like it."""
        own = "" if is_id(self.release.image) else _repository(self.release.image)
        if EVERY_IMAGE in self.images or _repository(name) == own:
            return True
        return any(_is_image_like(pattern, name) for pattern in self.images)

    def _check_reach(self, release: Release) -> None:
        """What would let a server out of its container, or at what is not its own."""
        for volume in release.volumes:
            source = volume.partition(":")[0]
            if volume in self.release.volumes:
                continue
            if source.startswith("/"):
                raise _settings_alone("volumes", volume, "server_volumes")
            if not _is_any_like(self.volumes, source):
                raise _beyond("volumes", volume, "volumes", example=source)
        for capability in release.capabilities:
            if capability not in {*self.release.capabilities, *self.capabilities, *_CAPABILITIES}:
                raise _beyond("capabilities", capability, "capabilities", example=capability)
        for label in release.labels:
            if label not in self.release.labels and not _is_any_like(self.labels, label):
                raise _beyond("labels", label, "labels", example=label)

    def _check_ceilings(self, release: Release) -> None:
        for name in ("memory", "cpus", "pids"):
            wanted, ceiling, configured = (_amount(getattr(said, name)) for said in (release, self, self.release))
            if 0 not in (ceiling, configured) and not 0 < wanted <= max(ceiling, configured):
                raise _beyond(name, str(getattr(release, name) or "no limit"), name, example=getattr(release, name))

    def _check_log(self, release: Release) -> None:
        own, options = self.release.options_of_the_log, release.options_of_the_log
        if release.log_driver not in (*_LOG_DRIVERS, self.release.log_driver):
            raise _settings_alone("log_driver", release.log_driver, "server_log_driver")
        is_own = release.log_driver == self.release.log_driver
        for name, value in options.items():
            is_harmless = release.log_driver in _LOG_DRIVERS and name in _LOG_OPTIONS
            if not is_harmless and not (is_own and own.get(name) == value):
                raise _settings_alone("log_options", name, "server_log_options")


def parse(document: Mapping[str, object], *, release: Release, servers: int, surge: int = 1) -> Policy:
    """The policy in a JSON object. Raises InvalidRequest."""
    known_fields(document, *_KINDS)
    values: dict[str, Any] = {}
    for name, value in document.items():
        try:
            values[name] = _KINDS[name].check(value)
        except ValueError as error:
            why = str(error) or f"it must be {_KINDS[name].expects}"
            raise InvalidRequest(f"{name}: {why}") from None
    if any("@" in image for image in values.get("images", ())):
        raise InvalidRequest("images: write each without a digest; a pattern without a tag is like every digest")
    return Policy(release=release, servers=servers, surge=surge, **values)


def _beyond(name: str, value: str, rule: str, *, example: object) -> InvalidRequest:
    """The refusal of what the policy can allow."""
    is_list = rule in ("images", "volumes", "labels", "capabilities")
    wish = json.dumps({"ringmaster_variables": {"policy": {rule: [example] if is_list else example}}})
    return InvalidRequest(
        f"{name}: {printable(value)} is beyond this deployment's policy; whoever runs it allows it by policy.{rule}: "
        f"make up VARS='{wish}'"
    )


def _settings_alone(name: str, value: str, setting: str) -> InvalidRequest:
    return InvalidRequest(f"{name}: {printable(value)} is given by the setting {setting} only")


def _amount(value: str | float) -> float:
    """A limit as a number; 0 for none."""
    if isinstance(value, str):
        return int(value.rstrip("bkmg") or 0) * _UNITS.get(value[-1:], 1)
    return value


def _repository(name: str) -> str:
    """The whole name of an image's repository, as Docker completes it: docker.io/library/app."""
    return _parts(name)[0]


def _parts(name: str) -> tuple[str, str]:
    """(repository, tag) of a name or pattern. The tag is empty where it has none."""
    path = name.partition("@")[0]
    if begins_with_host(path):
        path = path.partition("/")[2]
    path, _, tag = path.partition(":")
    registry = registry_of_image(name)
    return f"{registry}/{'library/' * (registry == DOCKER_HUB and '/' not in path)}{path}", tag


def _as_pattern(name: str) -> str:
    """A pattern that is like the name of an image. Of a digest only the repository is told: patterns have none."""
    path, at, _ = name.partition("@")
    host, slash, rest = path.rpartition("/")
    return host + slash + rest.partition(":")[0] if at else name


def _is_image_like(pattern: str, name: str) -> bool:
    """A pattern without a tag is like every image of its repositories; one with a tag never like a digest."""
    repository, tag = _parts(name)
    wanted, wanted_tag = _parts(pattern)
    is_of_tag = not wanted_tag or ("@" not in name and _is_like(wanted_tag, tag or "latest"))
    return _is_like(wanted, repository) and is_of_tag


def _is_any_like(patterns: Collection[str], name: str) -> bool:
    return any(_is_like(pattern, name) for pattern in patterns)


def _is_like(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]*"), text) is not None
