"""A release: all that the container of a server is made of and judged by.

Its class is the table of all fields: each has its setting, its default, its kind and its text here and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from typing import Any

from balancer.core import release_kinds as kinds
from balancer.core.document import known_fields
from balancer.core.errors import InvalidRequest
from balancer.core.heartbeat import Heartbeat
from balancer.core.image import Image
from balancer.core.protocol import HTTP
from balancer.core.value_kinds import ARGUMENTS, FLAG, Kind, Unfit, integer, seconds

_LOGS = {"max-size": "10m", "max-file": "3"}
"""The default options of the log driver json-file, whose files would grow without end."""
_TMP = {"/tmp": "size=64m"}  # noqa: S108 (a path in the container)
"""The default tmpfs where the root file system is read-only. Without a size it could fill half of the host's memory."""
_DIGITS_BEFORE_VERSION_6 = 16


@dataclass(frozen=True, slots=True)
class Declared:
    """What is known of a field. `setting`: the name of its setting. `default`: the setting's default, as text.
    `secret`: its values are shown nowhere."""

    setting: str
    default: str
    kind: Kind
    text: str
    secret: bool = False


def _field(setting: str, default: str, kind: Kind, text: str, *, secret: bool = False) -> Any:
    declared = Declared(setting, default, kind, text, secret)
    return field(default_factory=lambda: kind.check(kind.read(default)), metadata={"declared": declared})


@dataclass(frozen=True, slots=True)
class Release:
    """`number` is the release's short name in a deployment, never given to another one.

    `content`: the id of the image that `image` meant when the release was made, empty while that is unknown. Containers
    are created from the content, so all of them are the same, whatever the name means by then. `digest`: by which the
    content can be pulled again, empty where it cannot."""

    number: int = 1
    image: str = _field("server_image", "ringmaster-server", kinds.IMAGE, "What every server runs.")
    environment: Mapping[str, str] = _field(
        "server_environment", "{}", kinds.ENVIRONMENT, "Variables for every server, beside SERVER_ID.", secret=True
    )
    memory: str = _field("server_memory", "512m", kinds.LIMIT, "A server's memory limit, without swap; empty: none.")
    cpus: float = _field("server_cpus", "0", kinds.CPUS, "A server's limit in CPUs; 0: none.")
    pids: int = _field(
        "server_pids", "512", integer(0, 4194304, zero="no limit"), "The most processes and threads of a server."
    )
    port: int = _field("server_port", "5000", integer(1, 65535), "Where a server listens for HTTP.")
    protocol: str = _field(
        "server_protocol", "http", kinds.PROTOCOL, "What a server speaks: HTTP/1.1, or HTTP/2 without TLS (h2c)."
    )
    heartbeat_path: str = _field("heartbeat_path", "/heartbeat", kinds.PATH, "What a heartbeat asks a server for.")
    heartbeat_host: str = _field(
        "heartbeat_host", "", kinds.HOST, "The Host that a heartbeat sends; empty: the server's address."
    )
    heartbeat_status: str = _field(
        "heartbeat_status", "200", kinds.STATUS, "The statuses that a server answers while it is well."
    )
    heartbeat_timeout: float = _field(
        "heartbeat_timeout",
        "0.4",
        seconds(0.01, 600),
        "How long a heartbeat may take; longer while all do.",
    )
    command: tuple[str, ...] = _field(
        "server_command",
        "[]",
        ARGUMENTS,
        "The command; empty: the image's, or none where there is a server_entrypoint.",
    )
    entrypoint: tuple[str, ...] = _field("server_entrypoint", "[]", ARGUMENTS, "The entrypoint; empty: the image's.")
    user: str = _field("server_user", "", kinds.USER, "The user that a server runs as; empty: the image's.")
    working_dir: str = _field("server_working_dir", "", kinds.FOLDER, "The working folder; empty: the image's.")
    volumes: tuple[str, ...] = _field(
        "server_volumes", "[]", kinds.VOLUMES,
        "Volumes and folders of the host that every server gets; :ro makes one read-only.",
    )  # fmt: skip
    tmpfs: Mapping[str, str] | None = _field(
        "server_tmpfs", "", kinds.TMPFS, "Folders in memory, with their options; without `exec` nothing in one can run."
    )
    capabilities: tuple[str, ...] = _field(
        "server_capabilities", "", kinds.CAPABILITIES, "Linux capabilities a server keeps; none by default."
    )
    read_only: bool = _field("server_read_only", "true", FLAG, "A read-only root file system for servers.")
    init: bool = _field(
        "server_init", "true", FLAG, "A tiny init is a server's first process, so that ended children are reaped."
    )
    stop_signal: str = _field("server_stop_signal", "", kinds.SIGNAL, "What asks a server to end; empty: the image's.")
    stop_timeout: int = _field(
        "stop_timeout", "10", integer(0, 3600), "Seconds from a server's stop signal to its SIGKILL."
    )
    labels: Mapping[str, str] = _field(
        "server_labels", "{}", kinds.LABELS, "More labels of every server's container.", secret=True
    )
    log_driver: str = _field("server_log_driver", "json-file", kinds.LOG_DRIVER, "Where the engine logs servers.")
    log_options: Mapping[str, str] | None = _field(
        "server_log_options", "", kinds.LOG_OPTIONS,
        "Options of the log driver; empty: three files of 10 MB for json-file, none for others.", secret=True,
    )  # fmt: skip
    content: str = ""
    digest: str = ""

    @property
    def heartbeat(self) -> Heartbeat:
        """How the containers of this release are asked."""
        return Heartbeat(
            self.heartbeat_path, self.heartbeat_host, self.heartbeat_status, self.heartbeat_timeout, self.protocol
        )

    @property
    def folders_in_memory(self) -> Mapping[str, str]:
        """path → options of every tmpfs."""
        if self.tmpfs is None:
            return _TMP if self.read_only else {}
        return self.tmpfs

    @property
    def options_of_the_log(self) -> Mapping[str, str]:
        if self.log_options is None:
            return _LOGS if self.log_driver == "json-file" else {}
        return self.log_options

    @property
    def fingerprint(self) -> str:
        """A name of what the release says: 64 hex digits, the same on every machine. Releases have the same one where
        `is_like` is true. With fewer digits somebody could look for two releases that share one, and the keeper takes
        the second for the first. HTTP/1.1 is left out: before version 6 no container had another protocol."""
        document = self.document()
        if self.protocol == HTTP:
            del document["protocol"]
        return sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    def is_named(self, fingerprint: str) -> bool:
        """Whether this is the fingerprint of the release. Before version 6 containers were labelled with 16 digits."""
        return fingerprint in (self.fingerprint, self.fingerprint[:_DIGITS_BEFORE_VERSION_6])

    def is_like(self, other: Release) -> bool:
        """Whether both releases say the same: everything but the number and the content of the image is equal."""
        return replace(self, number=other.number, content=other.content, digest=other.digest) == other

    def is_same(self, other: Release) -> bool:
        """Whether containers of both releases would be the same. Of an unknown content this cannot be said."""
        return self.is_like(other) and self.content == other.content != ""

    def of(self, image: Image) -> Release:
        """The release, made of this image."""
        return replace(self, content=image.content, digest=image.digest)

    @property
    def image_missing(self) -> str:
        """Says that the engine does not have the image of the release, and what to do."""
        if not self.content:
            return f"the image {self.image} is not on the engine"
        return (
            f"the image {self.image} ({self.content}) is no longer on the engine; it may have been removed by "
            f'`docker image prune -af`: build or pull it again, then POST /deploy {{"image": "{self.image}"}}'
        )

    def named_anew(self) -> Release:
        """The release, made of whatever its image's name means now."""
        return replace(self, content="", digest="")

    def document(self) -> dict[str, Any]:
        """What the release says, as JSON, secrets included."""
        values = {name: getattr(self, name) for name in FIELDS}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    def told(self) -> dict[str, Any]:
        """What the release says, as JSON for everybody. Of what may be secret, only the names are shown."""
        document = self.document()
        hidden = [name for name, declared in FIELDS.items() if declared.secret and document[name] is not None]
        return document | {name: sorted(document[name]) for name in hidden}

    def changed(self, document: Mapping[str, object]) -> Release:
        """The release with the fields of a user's document. A field is replaced as a whole. Raises InvalidRequest."""
        known_fields(document, *FIELDS)
        values = {name: _checked(name, value) for name, value in document.items()}
        return replace(self, **values)

    def restored(self, document: Mapping[str, Any]) -> Release:
        """The release with the fields of a saved document. What was fit when it was saved is taken as it is, also where
        it would be refused now; the name of an image is not checked at all, and that of an unknown release is empty.
        Raises ValueError for a document that was not saved so."""
        values = {name: _saved(name, document[name]) for name in FIELDS if name in document and name != "image"}
        return replace(self, **values, image=str(document.get("image", self.image)))


FIELDS: Mapping[str, Declared] = {
    item.name: item.metadata["declared"] for item in fields(Release) if "declared" in item.metadata
}
"""name → what is known of the field, for all fields that users decide."""


def _checked(name: str, value: object) -> Any:
    kind = FIELDS[name].kind
    try:
        return kind.check(value)
    except Unfit as error:
        raise InvalidRequest(f"{name}: {error}") from None
    except ValueError:
        raise InvalidRequest(f"{name} must be {kind.expects}") from None


def _saved(name: str, value: object) -> Any:
    try:
        return FIELDS[name].kind.check(value)
    except Unfit:
        return tuple(value) if isinstance(value, list) else value
