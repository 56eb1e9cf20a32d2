"""The load API of the control port: what each server gets, beside what the ring predicts, and the last ten minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Blueprint, Response, request
from pydantic import Field

from balancer.core.document import known_fields
from balancer.core.errors import InvalidRequest
from balancer.core.load_history import KEPT, Missing, Reading
from balancer.core.server_load import LoadReport, ServerLoad
from balancer.http.answer import respond
from balancer.http.documents import Hostname, Node, Share, Time
from balancer.http.operation import Answer, Document, Operation, Parameter, described
from balancer.ports import answers
from balancer.service.load_history import INTERVAL, LoadHistory


class LoadOfServer(Document):
    """The load of a server that is on the ring or leaves it. Totals are since the balancer's start."""

    hostname: Hostname
    requests_per_second: float = Field(description="Answered requests, since the reading before.")
    errors_per_second: float = Field(description="Answers with 5xx, since the reading before.")
    in_flight: int = Field(ge=0, description="Requests at the server now, waiting ones included.")
    response_time: float = Field(description="Seconds to the head of a response, the mean of recent ones.")
    requests: int = Field(ge=0, description="All answered requests; never falls while the server keeps its name.")
    errors: int = Field(ge=0, description="All answers with 5xx.")
    share: Share | None = Field(description="Measured part of all requests since `since`; null where there were none.")
    expected: Share = Field(description="The part that the ring predicts; bounded load is not counted in.")
    node: Node


class ServerHistory(Document):
    """The readings of a server, one for each of `times`; null where there is none."""

    requests_per_second: list[float | None]
    in_flight: list[int | None]
    response_time: list[float | None]
    errors_per_second: list[float | None]


class History(Document):
    """The readings of the last ten minutes, the oldest first."""

    times: list[Time] = Field(max_length=KEPT)
    servers: dict[str, ServerHistory]


class Load(Document):
    """The latest reading of what each server gets, and the shares since the ring's latest change or ten minutes."""

    time: Time | None = Field(description="When the latest reading was taken; null where there is none yet.")
    since: Time | None = Field(description="From when shares are measured; null where there is no reading yet.")
    interval: float = Field(description="Seconds between two readings.")
    imbalance: float | None = Field(
        description="The largest measured share over its expectation; null below 100 requests."
    )
    servers: list[LoadOfServer]
    history: History | None = Field(default=None, description="Only where `history=1` asks for it.")


_LOAD = Operation(
    id="load",
    tag="fleet",
    summary="What each server gets, measured beside expected",
    description="Read from the data plane every 5 s. While that is away, the latest reading stays as it is.",
    parameters=(
        Parameter(
            name="history",
            place="query",
            schema={"type": "string", "enum": ["0", "1"], "default": "0"},
            description="1 adds the readings of the last ten minutes.",
        ),
    ),
    answers={200: Answer(description="The load.", document=Load)},
    errors=(400,),
)


def load_api(service: LoadHistory) -> Blueprint:
    api = Blueprint("load", __name__)

    @api.get("/load")
    @described(_LOAD)
    def load() -> Response:
        known_fields(request.args, "history")
        wanted = request.args.get("history", "0")
        if wanted not in ("0", "1"):
            raise InvalidRequest("history must be 0 or 1")
        report = _document(service.report()).model_dump(exclude={"history"})
        if wanted == "1":
            report["history"] = _history(service.history()).model_dump()
        return respond(answers.compact(report))

    return api


def _document(report: LoadReport) -> Load:
    return Load(
        time=_iso(report.time) if report.time else None,
        since=_iso(report.since) if report.time else None,
        interval=INTERVAL,
        imbalance=_rounded(report.imbalance),
        servers=[_server(server) for server in report.servers],
    )


def _server(load: ServerLoad) -> LoadOfServer:
    return LoadOfServer(
        hostname=load.hostname,
        requests_per_second=round(load.requests_per_second, 3),
        errors_per_second=round(load.errors_per_second, 3),
        in_flight=load.in_flight,
        response_time=round(load.response_time, 4),
        requests=load.requests,
        errors=load.errors,
        share=_rounded(load.share),
        expected=load.expected,
        node=load.node,
    )


def _history(readings: Sequence[Reading | Missing]) -> History:
    taken = [reading.servers if isinstance(reading, Reading) else {} for reading in readings]
    names = dict.fromkeys(name for servers in taken for name in servers)
    rows = {name: [servers.get(name) for servers in taken] for name in names}
    return History(
        times=[_iso(reading.time) for reading in readings],
        servers={
            name: ServerHistory(
                requests_per_second=[_rounded(one.requests_per_second) if one else None for one in row],
                in_flight=[one.in_flight if one else None for one in row],
                response_time=[_rounded(one.response_time) if one else None for one in row],
                errors_per_second=[_rounded(one.errors_per_second) if one else None for one in row],
            )
            for name, row in rows.items()
        },
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")
