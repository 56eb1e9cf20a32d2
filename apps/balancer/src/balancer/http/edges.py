"""The edges API of the control port: the edges of several hosts, and how each is."""

from __future__ import annotations

from flask import Blueprint, Response
from pydantic import Field

from balancer.core import edge
from balancer.http.answer import give
from balancer.http.operation import Answer, Document, Operation, described
from balancer.service.edge_watch import EdgeWatch


class Edge(Document):
    """An edge that was heard of in the last minutes."""

    node: str = Field(description="The Swarm node that it is on.")
    leased: bool = Field(description="It was heard of lately; changes wait for it. Without a lease it is lost.")
    serving: bool = Field(description="Its HAProxy answers.")
    in_step: bool = Field(description="It obeys the present routes.")
    silent_for: float = Field(ge=0, description="Seconds since it was last heard of.")
    problem: str = Field(description="What its agent says is wrong; empty for nothing.")


class Edges(Document):
    """The edges, by the names of their nodes."""

    edges: list[Edge]


_EDGES = Operation(
    id="edges",
    tag="health",
    summary="The edges of several hosts, and how each is",
    description="On one host the list is empty. A lost edge goes on with its last routes, as far as it can.",
    answers={200: Answer(description="The edges.", document=Edges)},
)


def edges_api(watch: EdgeWatch) -> Blueprint:
    api = Blueprint("edges", __name__)

    @api.get("/edges")
    @described(_EDGES)
    def edges() -> Response:
        return give(Edges(edges=[_document(found) for found in watch.edges]))

    return api


def _document(found: edge.Edge) -> Edge:
    return Edge(
        node=found.node,
        leased=found.is_leased,
        serving=found.is_serving,
        in_step=found.in_step,
        silent_for=round(max(0.0, found.silent_for), 1),
        problem=found.problem,
    )
