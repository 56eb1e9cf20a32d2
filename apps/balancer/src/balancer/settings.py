"""The settings of the balancer, from RINGMASTER_* environment variables: name, type, default, check and text of each.

`python -m balancer.settings` prints the table of docs/settings.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from balancer.core import autoscale as scaling
from balancer.core import rate_limit as limiting
from balancer.core.catalogue import Catalogue
from balancer.core.errors import InvalidRequest
from balancer.core.hash_seed import HashSeed
from balancer.core.image import CONTENT
from balancer.core.policy import Policy
from balancer.core.policy import parse as parse_policy
from balancer.core.protocol import H2_BUFSIZE, HTTP, PROTOCOLS
from balancer.core.release import FIELDS, Release
from balancer.core.ring_profile import RingProfile
from balancer.core.value_kinds import Unfit
from balancer.plugins import InvalidPlugin, catalogue
from balancer.setting_types import (
    ACCESS_LOG,
    CONSTRAINTS,
    FLAG,
    HOSTNAMES,
    HOSTS,
    NETWORKS,
    OBJECT,
    PLUGINS,
    SECRET,
    Type,
    choice,
    integer,
    matching,
    of_kind,
    seconds,
)

PREFIX = "RINGMASTER_"


class InvalidSetting(ValueError):
    """A setting has an invalid value. The text names the variable and says what to write."""


def _setting(default: str, type_: Type, text: str) -> Any:
    return field(metadata={"default": default, "type": type_, "text": text})


def _of_release(name: str) -> Any:
    """The setting of a field of the release, as core/release.py declares it."""
    declared = FIELDS[name]
    return _setting(declared.default, of_kind(declared.kind, secret=declared.secret), declared.text)


_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values that an operator decides. Terraform has variables of the same names."""

    deployment: str = _setting(
        "ringmaster", matching(_NAME, "letters, digits, '_', '.' or '-'"), "Labels everything that belongs together."
    )
    name_prefix: str = _setting(
        "", matching(rf"({_NAME})?", "letters, digits, '_', '.' or '-'"), "Stands before the names of containers."
    )
    network: str = _setting("ringmaster", matching(_NAME, "the name of a Docker network"), "Where the servers live.")
    data_plane: str = _setting(
        "haproxy", choice("haproxy", "flask"), "Who forwards requests: the edge, or the balancer itself."
    )
    initial_servers: tuple[str, ...] = _setting(
        "S1,S2,S3", HOSTNAMES,
        "The first fleet; later N moves with /add and /rm.",
    )  # fmt: skip
    max_servers: int = _setting("64", integer(1, 1000), "The most servers that /add allows.")
    server_image: str = _of_release("image")
    server_image_id: str = _setting(
        "", matching(CONTENT, "a whole id such as sha256:…, or empty"),
        "What that image's name means; another id is rolled. Empty: what the engine has, or the registry gives.",
    )  # fmt: skip
    pull_timeout: float = _setting("600", seconds(1, 86400), "How long the pull of an image may take.")
    registry_config: str = _setting(
        "", matching(r"(/\S*)?", "an absolute path, or empty"),
        "A Docker config.json with credentials for registries, which the keeper reads at each pull; empty: none.",
    )  # fmt: skip
    policy: dict[str, Any] = _setting(
        "{}", OBJECT,
        "What a release may ask for beyond the settings, such as {\"images\":[\"registry.example/team/*\"]}; "
        "see docs/operations.md.",
    )  # fmt: skip
    server_environment: dict[str, str] = _of_release("environment")
    server_memory: str = _of_release("memory")
    server_cpus: float = _of_release("cpus")
    server_pids: int = _of_release("pids")
    server_port: int = _of_release("port")
    server_protocol: str = _of_release("protocol")
    heartbeat_path: str = _of_release("heartbeat_path")
    heartbeat_host: str = _of_release("heartbeat_host")
    heartbeat_status: str = _of_release("heartbeat_status")
    heartbeat_timeout: float = _of_release("heartbeat_timeout")
    server_command: tuple[str, ...] = _of_release("command")
    server_entrypoint: tuple[str, ...] = _of_release("entrypoint")
    server_user: str = _of_release("user")
    server_working_dir: str = _of_release("working_dir")
    server_volumes: tuple[str, ...] = _of_release("volumes")
    server_tmpfs: dict[str, str] | None = _of_release("tmpfs")
    server_capabilities: tuple[str, ...] = _of_release("capabilities")
    server_read_only: bool = _of_release("read_only")
    server_init: bool = _of_release("init")
    server_stop_signal: str = _of_release("stop_signal")
    stop_timeout: int = _of_release("stop_timeout")
    server_labels: dict[str, str] = _of_release("labels")
    server_log_driver: str = _of_release("log_driver")
    server_log_options: dict[str, str] | None = _of_release("log_options")
    spares: int = _setting("0", integer(0, 100), "Servers kept ready off the ring, each to take a failed one's place.")
    roll_surge: int = _setting("1", integer(1, 100), "How many new containers a deploy starts at once, beyond N.")
    roll_batch: int = _setting("1", integer(1, 100), "How many of them take over at once; at most the surge.")
    ring: dict[str, Any] = _setting(
        "{}", OBJECT,
        "The ring profile: strategy with its parameters, request_hash, key, bound; see docs/ring.md.",
    )  # fmt: skip
    hash_seed: str = _setting(
        "", SECRET,
        "Makes the slot of a key unpredictable for outsiders; needs explain=false; see docs/ring.md. Empty: off.",
    )  # fmt: skip
    autoscale: dict[str, Any] = _setting(
        "{}", OBJECT,
        'How N follows the load, such as {"min":2,"max":10,"in_flight":8}; see docs/fleet.md. Empty: it does not.',
    )  # fmt: skip
    slow_start: float = _setting(
        "0", seconds(0, 3600), "In how long a new server comes to its whole weight; 0: at once."
    )
    plugins: tuple[str, ...] = _setting(
        "",
        PLUGINS,
        "Strategies and request hashes of your own; see docs/ring.md.",
    )
    heartbeat_interval: float = _setting(
        "0.2", seconds(0.05, 3600), "From one heartbeat to the next; they overlap. More with over 500 servers."
    )
    heartbeat_strikes: int = _setting(
        "2", integer(1, 100), "Missed heartbeats in a row that make a server silent: off the ring, but not killed."
    )
    hang_timeout: float = _setting(
        "10",
        seconds(2, 86400),
        "How long a silent server with open requests may show no sign of life before it is killed.",
    )
    start_grace: float = _setting("30", seconds(0.1, 3600), "How long a new server may take to its first heartbeat.")
    drain_timeout: float = _setting("30", seconds(0, 3600), "How long a leaving server may finish what it has.")
    response_timeout: float = _setting("60", seconds(0.1, 86400), "How long a server may take to answer.")
    stream_timeout: float = _setting(
        "3600", seconds(0.1, 86400), "How long an answer that has begun, or a tunnel, may be silent."
    )
    server_max_connections: int = _setting(
        "0", integer(0, 100_000), "Requests that a server gets at once; others wait at the plane; 0: any number."
    )
    queue_timeout: float = _setting(
        "10", seconds(0.1, 3600), "How long a request waits for a server that has its most connections."
    )
    server_keep_alive: bool = _setting(
        "true", FLAG, "The plane keeps connections to servers for later requests; false: one for each request."
    )
    trusted_proxies: tuple[str, ...] = _setting(
        "",
        NETWORKS,
        "Whose X-Forwarded-* and Forwarded are believed; from anybody else they are replaced.",
    )
    max_connections: int = _setting(
        "0",
        integer(0, 1_000_000),
        "Connections of clients to the edge's public port; more wait in the kernel; 0: what its container allows.",
    )  # fmt: skip
    rate_limit: dict[str, Any] = _setting(
        "{}", OBJECT,
        'The most requests of a client, such as {"requests":100,"seconds":10}; see docs/http.md. Empty: any number.',
    )  # fmt: skip
    control_prefix: str = _setting(
        "",
        matching(r"(/[A-Za-z0-9._~-]+)*", "empty, or a path that starts with / and does not end with it"),
        "Stands before the paths /rep, /add and /rm of the public port, for applications that have their own.",
    )
    public_control: bool = _setting(
        "true", FLAG, "The public port answers /rep, /add and /rm; false: only the control port does."
    )
    bufsize: int = _setting(
        "8192", integer(8192, 1048576),
        "The edge's tune.bufsize: a message's head has 1024 less, and a request that is to be repeated must fit in. "
        f"From {H2_BUFSIZE} on, which TLS has at least, the edge speaks HTTP/2.",
    )  # fmt: skip
    unknown_path: str = _setting(
        "pass", choice("pass", "course"), "A server's 404 passes unchanged, or becomes the handout's 400."
    )
    explain: bool = _setting(
        "true", FLAG, "Answers tell their server, slot and attempt: X-Served-By, X-Ring-Slot, X-Ring-Attempt."
    )
    access_log: str = _setting(
        "errors", ACCESS_LOG,
        "Which requests are logged: failed and repeated ones, all, or those and a part of the others.",
    )  # fmt: skip
    traceparent: str = _setting(
        "make", choice("make", "pass"),
        "Whether a request without a valid W3C traceparent gets one: make. A valid one is passed on in any case.",
    )  # fmt: skip
    otlp_endpoint: str = _setting(
        "", matching(r"(https?://[^\s/?#@]+(/[^\s?#]*)?)?", "an http or https URL without a user, or empty"),
        "An OpenTelemetry collector, which gets spans of changes by OTLP/HTTP at its path /v1/traces; empty: none.",
    )  # fmt: skip
    tls: bool = _setting("false", FLAG, "The edge speaks TLS, with the certificates that it was given.")
    tls_port: int = _setting("5443", integer(1, 65535), "Where clients find HTTPS; a redirect names it.")
    tls_redirect: bool = _setting("false", FLAG, "The public port redirects plain HTTP to HTTPS.")
    tls_client_ca: bool = _setting("false", FLAG, "Clients need a certificate of the edge's client authority.")
    tls_control: bool = _setting("false", FLAG, "The control port speaks TLS, too.")
    token_sha256: str = _setting(
        "",
        matching(r"([0-9a-f]{64})?", "64 hex digits, or empty"),
        "SHA-256 of the operator's token.",
    )
    tokens_file: str = _setting(
        "", matching(r"(/\S*)?", "an absolute path, or empty"),
        "A JSON file with named tokens, read again when it changes; see docs/operations.md. Empty: none.",
    )  # fmt: skip
    control_hosts: tuple[str, ...] = _setting(
        "",
        HOSTS,
        "Names by which clients may ask for control, beside localhost and IP addresses.",
    )
    state_dir: str = _setting("/var/lib/ringmaster", matching(r"/\S*", "an absolute path"), "Where the fleet is kept.")
    edge_dir: str = _setting("/run/ringmaster", matching(r"/\S*", "an absolute path"), "Shared with the edge.")
    keeper_socket: str = _setting(
        "/run/keeper/keeper.sock", matching(r"/\S*", "an absolute path"), "Where the keeper listens."
    )
    runtime: str = _setting(
        "engine",
        choice("engine", "swarm"),
        "Where the servers run: on this host's engine, or on the nodes of a Docker Swarm.",
    )
    node_constraints: tuple[str, ...] = _setting(
        "", CONSTRAINTS,
        "With swarm: which nodes may run servers, in Swarm's own words, such as node.labels.zone==a. Empty: all.",
    )  # fmt: skip
    edge_port: int = _setting("5002", integer(1, 65535), "With swarm: where the balancer waits for the edges' agents.")
    edge_lease: float = _setting(
        "3", seconds(1, 60), "With swarm: how long an edge may be silent until changes no longer wait for it."
    )
    edge_certificates: str = _setting(
        "/run/edges", matching(r"/\S*", "an absolute path"),
        "With swarm: the folder of ca.pem, certificate.pem and key.pem, by which balancer and edges know each other.",
    )  # fmt: skip
    log_level: str = _setting("info", choice("debug", "info", "warning", "error"), "What is logged.")

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols that the data plane can speak to servers."""
        has_http_2 = self.data_plane == "haproxy" and (self.tls or self.bufsize >= H2_BUFSIZE)
        return PROTOCOLS if has_http_2 else (HTTP,)

    def release(self) -> Release:
        fields_of_release = {name: getattr(self, declared.setting) for name, declared in FIELDS.items()}
        return Release(**fields_of_release, content=self.server_image_id)

    def release_policy(self) -> Policy:
        """What a release may ask for. While all servers leave, as many new ones may start. Raises InvalidRequest."""
        servers = 2 * (self.max_servers + self.spares) + self.roll_surge
        return parse_policy(self.policy, release=self.release(), servers=servers, surge=self.roll_surge)

    def catalogue(self) -> Catalogue:
        """The catalogue with the plug-ins and the hash seed. Raises InvalidPlugin."""
        seed = HashSeed.of(self.hash_seed) if self.hash_seed else None
        return replace(catalogue(self.plugins, at_edge=self.data_plane == "haproxy"), seed=seed)

    def autoscaling(self) -> scaling.ScalingPolicy | None:
        """The autoscaler's policy; None for no autoscaler. Raises InvalidRequest."""
        return scaling.parse(self.autoscale) if self.autoscale else None

    def limit(self) -> limiting.RateLimit | None:
        """The rate limit; None for no limit. Raises InvalidRequest."""
        return limiting.parse(self.rate_limit) if self.rate_limit else None

    def ring_profile(self) -> RingProfile:
        """The ring profile. Raises InvalidPlugin, InvalidRequest."""
        return self.catalogue().profile(self.ring)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in these environment variables, which fit together. Raises InvalidSetting, also for an unknown
    RINGMASTER_ variable."""
    settings = each(environment)
    _check_together(settings)
    return settings


def each(environment: Mapping[str, str]) -> Settings:
    """The settings in these environment variables, checked one by one. The keeper knows only some of them. Raises
    InvalidSetting, also for an unknown RINGMASTER_ variable."""
    known = {PREFIX + setting.name.upper(): setting for setting in fields(Settings)}
    for variable in environment:
        if variable.startswith(PREFIX) and variable not in known:
            raise InvalidSetting(f"{variable} is not a setting; see docs/settings.md")
    values: dict[str, Any] = {}
    for variable, setting in known.items():
        type_: Type = setting.metadata["type"]
        text = environment.get(variable, setting.metadata["default"])
        try:
            values[setting.name] = type_.parse(text)
        except Unfit as error:
            raise InvalidSetting(f"{variable}: {error}") from None
        except (ValueError, KeyError):
            shown = "" if type_.secret else f", not {text!r}"
            raise InvalidSetting(f"{variable} must be {type_.expects}{shown}") from None
    return Settings(**values)


def _check_together(settings: Settings) -> None:
    if len(settings.initial_servers) > settings.max_servers:
        raise InvalidSetting(
            f"{PREFIX}INITIAL_SERVERS names {len(settings.initial_servers)} servers, "
            f"more than {PREFIX}MAX_SERVERS={settings.max_servers}"
        )
    if settings.roll_batch > settings.roll_surge:
        raise InvalidSetting(
            f"{PREFIX}ROLL_BATCH={settings.roll_batch} servers cannot take over at once where only "
            f"{PREFIX}ROLL_SURGE={settings.roll_surge} are started at once"
        )
    if settings.server_protocol not in settings.protocols:
        raise InvalidSetting(
            f"{PREFIX}SERVER_PROTOCOL={settings.server_protocol} needs {PREFIX}DATA_PLANE=haproxy and a "
            f"{PREFIX}BUFSIZE of {H2_BUFSIZE} at least"
        )
    if settings.tls and settings.data_plane != "haproxy":
        raise InvalidSetting(f"{PREFIX}TLS: only the edge speaks TLS; set {PREFIX}DATA_PLANE=haproxy")
    if settings.runtime == "swarm" and settings.data_plane != "haproxy":
        raise InvalidSetting(
            f"{PREFIX}RUNTIME=swarm: requests come in at an edge on every node; set {PREFIX}DATA_PLANE=haproxy"
        )
    if settings.hash_seed and settings.explain:
        raise InvalidSetting(
            f"{PREFIX}HASH_SEED hides which server a key leads to, and {PREFIX}EXPLAIN=true tells everybody: "
            f"set {PREFIX}EXPLAIN=false, or leave {PREFIX}HASH_SEED empty"
        )
    _check_rate_limit(settings)
    _check_ring(settings)
    try:
        settings.release_policy()
    except InvalidRequest as error:
        raise InvalidSetting(f"{PREFIX}POLICY: {error}") from None


def _check_rate_limit(settings: Settings) -> None:
    try:
        limit = settings.limit()
    except InvalidRequest as error:
        raise InvalidSetting(f"{PREFIX}RATE_LIMIT: {error}") from None
    if limit and settings.data_plane == "flask":
        raise InvalidSetting(
            f"{PREFIX}RATE_LIMIT: only the edge counts requests; leave it empty, or set {PREFIX}DATA_PLANE=haproxy"
        )


def _check_ring(settings: Settings) -> None:
    try:
        profile = settings.ring_profile()
    except InvalidPlugin as error:
        raise InvalidSetting(f"{PREFIX}PLUGINS: {error}") from None
    except InvalidRequest as error:
        raise InvalidSetting(f"{PREFIX}RING: {error}") from None
    capacity = profile.strategy.capacity
    if len(settings.initial_servers) > capacity:
        raise InvalidSetting(
            f"{PREFIX}INITIAL_SERVERS names {len(settings.initial_servers)} servers, "
            f"and the ring holds at most {capacity}"
        )
    _check_autoscaling(settings, capacity)
    if settings.slow_start and not profile.strategy.weighted:
        raise InvalidSetting(f"{PREFIX}SLOW_START: the strategy {profile.strategy.name} knows no weights; set it to 0")


def _check_autoscaling(settings: Settings, capacity: int) -> None:
    try:
        policy = settings.autoscaling()
    except InvalidRequest as error:
        raise InvalidSetting(f"{PREFIX}AUTOSCALE: {error}") from None
    if policy and policy.most > settings.max_servers:
        raise InvalidSetting(f"{PREFIX}AUTOSCALE: max is more than {PREFIX}MAX_SERVERS={settings.max_servers}")
    if policy and policy.most > capacity:
        raise InvalidSetting(f"{PREFIX}AUTOSCALE: max is {policy.most}, and the ring holds at most {capacity}")


def markdown() -> str:
    """The table of all settings, as Markdown for docs/settings.md."""
    rows = ["| variable | default | must be | what it does |", "|---|---|---|---|"]
    for setting in fields(Settings):
        default = f"`{setting.metadata['default']}`" if setting.metadata["default"] else "(empty)"
        expects = setting.metadata["type"].expects
        rows.append(f"| `{PREFIX}{setting.name.upper()}` | {default} | {expects} | {setting.metadata['text']} |")
    return "\n".join(rows)


def release_markdown() -> str:
    """The table of what a release is made of, as Markdown for docs/operations.md."""
    rows = ["| field of `POST /deploy` | setting | must be |", "|---|---|---|"]
    rows += [f"| `{name}` | `{declared.setting}` | {declared.kind.expects} |" for name, declared in FIELDS.items()]
    return "\n".join(rows)


if __name__ == "__main__":
    print(markdown())
