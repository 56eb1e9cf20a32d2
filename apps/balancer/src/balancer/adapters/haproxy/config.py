"""The edge's files for one set of routes, made of the options and the template. Nothing is written or loaded here."""

from __future__ import annotations

from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from balancer.adapters.haproxy import slot_map, trace
from balancer.adapters.haproxy.edge_files import EdgeFiles, serving
from balancer.adapters.haproxy.names import AGAIN, AGAIN_ID, EXPORTER, KEYLESS_TABLE, TRAFFIC_TABLE
from balancer.adapters.haproxy.tls import CIPHERS, CIPHERSUITES, CURVES, Tls
from balancer.core import access_log, traceparent, traffic
from balancer.core.control_paths import control_paths
from balancer.core.protocol import H2_BUFSIZE, H2C, HTTP, PROTOCOLS
from balancer.core.rate_limit import RateLimit
from balancer.core.request_hash import REQUEST_IDS
from balancer.core.routes import IDEMPOTENT, Backend, Routes
from balancer.core.trusted_proxies import HOPS
from balancer.ports import answers

_SERVER_OPTIONS = "check inter 1s downinter 200ms fall 3 rise 1 observe layer4 error-limit 3 on-error mark-down"
"""The options of a server, in the file and for `add server` at run time, which ignores default-server.

A check is a connection that is closed again: the edge takes no busy server for a dead one. When three connections in a
row to a server fail, the server gets no requests until a check has passed. This limits how many requests have to be
repeated before the balancer takes the server off the ring.
"""

_BY = "X-Ringmaster-By"
"""The header that tells the first attempt who answered the last one. No client sees it."""

_RARE_NAMES = (
    "(?:^|,)(?:te|content_length|transfer_encoding|keep-alive|proxy(?:-connection|-authorization)?|"
    "x[-_]forwarded[^,]*|forwarded|x-request-id|traceparent|tracestate)(?:,|$)"
)
"""Headers that the edge removes, keeps or checks, as a regular expression for the names of all headers. HAProxy has
them in small letters with commas between them."""

_EXPORTER_CONNECTIONS = 8
"""The most questions to HAProxy's exporter at once."""

RATE_LIMIT_TABLE = "rate_limit"
_RATE_LIMIT_SIZE = "100k"
"""The most clients that the rate limit counts at once. For one more, the client is forgotten that was away longest."""

_MOST_FILES = 100_000
"""Open files where the most connections are not set. The edge's entrypoint then says how many of them are clients'."""
_LEAST_OTHER_FILES = 4000
"""Open files beside two for each client's connection. They are for control, the health check and repeated requests."""

_IDLE_TIMEOUT = 60
"""Seconds that a client's connection may be idle."""
_HEAD_TIMEOUT = 10
"""Seconds that the head of a request may take."""
OLD_PROCESSES = 8
"""The most old processes after reloads. Where one more reload comes, the oldest process ends with what it has."""
_LINES = 4
"""The most lines of X-Forwarded-For from a trusted proxy that are joined."""

_FULL = "The edge has as many requests as it can hold. Try again in a moment"
_NEEDS_HOST = "This port redirects to HTTPS, and the request does not say to which host: send a Host header"


class Places(NamedTuple):
    """How many requests of each kind the balancer gets at once; the others wait at the edge. `bulk`: those whose body
    does not fit into a buffer of the edge, or whose answer is long."""

    questions: int
    changes: int
    bulk: int
    streams: int = 0


PUBLIC_PLACES = Places(questions=6, changes=12, bulk=2)
CONTROL_PLACES = Places(questions=8, changes=12, bulk=4, streams=18)
"""All places together are fewer than the balancer's threads, and there are more for streams than it allows."""

_TURN_TIMEOUT = 10
"""Seconds that a request waits for such a place."""
_BODY_TIMEOUT = 10
"""Seconds that the body of a request to the balancer may take until it is whole, or fills a buffer."""
_CONTROL_CONNECTIONS = 1500
"""The most clients of the control port at once. _LEAST_OTHER_FILES are 2000 connections, so 500 are left."""

_ERRORS = (
    (400, answers.NOT_HTTP),
    (408, answers.TOO_LATE),
    (413, answers.TOO_LARGE),
    (500, "The edge failed"),
    (502, answers.broke_off(1)),
    (503, answers.NO_SERVER),
    (504, answers.TOO_SLOW),
)

_TEMPLATE = Environment(  # noqa: S701 (it writes a configuration, not HTML)
    loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, keep_trailing_newline=True
).get_template("haproxy.cfg.j2")


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeOptions:
    """The options of the edge, beside its routes. `directory`: the folder of its files and sockets. All times are in
    seconds. `response_timeout`: until the head of a response. `stream_timeout`: how long a response that has begun may
    be silent. `server_max_connections`: requests at a server at once, 0 for any number; others wait for
    `queue_timeout`. `course_errors`: a server's 404 becomes the handout's 400. `explain`: answers name their server,
    slot and attempt. `access_log`: which requests are logged, as core/access_log.py has it. `traceparent`: what
    becomes of a request without a valid one, as core/traceparent.py has it. `bufsize`: bytes of a buffer of HAProxy.
    `trusted_proxies`: addresses and networks. `control`: the control paths of the public port and where the balancer
    answers /rep. `tls`: None where the edge speaks none. `max_connections`: connections of clients to the public port
    at once, 0 for what the container allows. `rate_limit`: None for off.
    """

    directory: Path
    response_timeout: float
    stream_timeout: float
    queue_timeout: float
    server_max_connections: int
    server_keep_alive: bool
    course_errors: bool
    explain: bool
    access_log: str
    traceparent: str
    bufsize: int
    trusted_proxies: tuple[str, ...]
    control_prefix: str
    public_control: bool
    tls: Tls | None = None
    max_connections: int = 0
    rate_limit: RateLimit | None = None

    @property
    def files(self) -> int:
        """The most open files of HAProxy. It derives from them how many connections all ports have together."""
        clients = self.max_connections
        return 2 * clients + max(clients // 2, _LEAST_OTHER_FILES) if clients else _MOST_FILES

    @property
    def buffer(self) -> int:
        """Bytes of a buffer: what was asked for, or the least that HAProxy needs."""
        return max(self.bufsize, H2_BUFSIZE) if self.tls else self.bufsize

    def server_options(self, protocol: str = HTTP) -> str:
        """The options of a server that speaks the protocol, in the file and for `add server`."""
        most = f" maxconn {self.server_max_connections}" if self.server_max_connections else ""
        speaks = " proto h2" if protocol == H2C else ""
        return f"{_SERVER_OPTIONS} pool-conn-name var(txn.alone){most}{speaks}"


def edge_files(options: EdgeOptions, routes: Routes) -> EdgeFiles:
    """The files of the routes. The texts of a large ring cost milliseconds."""
    fixed_digest = sha256(_configuration(options, routes, digest="", backends=()).encode()).hexdigest()[:16]
    return EdgeFiles(
        digest=routes.digest,
        fixed_digest=fixed_digest,
        configuration=_configuration(options, routes, digest=fixed_digest, backends=serving(routes.backends)),
        slots=routes.slots,
        backends=routes.backends,
        bound=routes.bound,
        server_options={protocol: options.server_options(protocol) for protocol in PROTOCOLS},
    )


def _configuration(options: EdgeOptions, routes: Routes, *, digest: str, backends: tuple[Backend, ...]) -> str:
    values: dict[str, Any] = {field.name: getattr(options, field.name) for field in fields(options)}
    return _TEMPLATE.render(
        **values,
        digest=digest,
        backends=backends,
        key=routes.key,
        request_hash=routes.request_hash,
        seed=routes.seed,
        slots=len(routes.slots),
        is_bounded=routes.bound is not None,
        map=f"map({options.directory}/slots.map)",
        share_key=slot_map.SHARE_KEY,
        share_unit=slot_map.SHARE_UNIT,
        walk=slot_map.SHORT_WALK if routes.bound is None else slot_map.WALK,
        response_timeout_ms=round(options.response_timeout * 1000),
        stream_timeout_ms=round(options.stream_timeout * 1000),
        queue_timeout_ms=round(options.queue_timeout * 1000),
        idle_timeout=_IDLE_TIMEOUT,
        head_timeout=_HEAD_TIMEOUT,
        oldest_ms=round(max(options.stream_timeout, options.queue_timeout + options.response_timeout) * 1000),
        old_processes=OLD_PROCESSES,
        hops=HOPS,
        lines=_LINES,
        key_sample=_key_sample(options, routes),
        client="var(txn.client)" if options.trusted_proxies else "src",
        clients=options.max_connections or '"${RINGMASTER_CLIENTS-40000}"',
        files=options.files,
        rate_limit_table=RATE_LIMIT_TABLE,
        rate_limit_size=_RATE_LIMIT_SIZE,
        too_many=answers.too_many,
        logged=access_log.part(options.access_log),
        of=access_log.OF,
        reasons=answers.Repeated,
        valid_traceparent=traceparent.VALID,
        made_traceparent=trace.MADE,
        rare_names=_RARE_NAMES,
        logged_traceparent=trace.LOGGED[options.traceparent],
        control_paths=control_paths(options.control_prefix) if options.public_control else (),
        rep_path=control_paths(options.control_prefix)[0],
        server_options=options.server_options,
        h2c_key=slot_map.H2C_KEY,
        h2_bufsize=H2_BUFSIZE,
        again=AGAIN,
        again_id=AGAIN_ID,
        by=_BY,
        exporter=EXPORTER,
        exporter_connections=_EXPORTER_CONNECTIONS,
        recipients=answers.MOST_RECIPIENTS,
        broke_off=answers.broke_off,
        keyless_table=KEYLESS_TABLE,
        traffic_table=TRAFFIC_TABLE,
        traffic=traffic,
        errors=_ERRORS,
        full=_FULL,
        needs_host=_NEEDS_HOST,
        body_limit=answers.CONTROL_BODY_LIMIT,
        too_large=answers.TOO_LARGE,
        not_http=answers.NOT_HTTP,
        public_places=PUBLIC_PLACES,
        control_places=CONTROL_PLACES,
        turn_timeout=_TURN_TIMEOUT,
        body_timeout=_BODY_TIMEOUT,
        control_connections=_CONTROL_CONNECTIONS,
        ids=REQUEST_IDS,
        fits=options.buffer - answers.HEAD_RESERVE,
        buffer=options.buffer,
        curves=CURVES,
        ciphers=CIPHERS,
        ciphersuites=CIPHERSUITES,
        idempotent=" ".join(IDEMPOTENT),
        failure=answers.failure,
    )


def _key_sample(options: EdgeOptions, routes: Routes) -> str:
    """HAProxy's sample expression of the key. Behind a trusted proxy the address is the client's."""
    sample = routes.key.sample
    return (
        sample.replace("src", "var(txn.client)", 1)
        if options.trusted_proxies and routes.key.type == "address"
        else sample
    )
