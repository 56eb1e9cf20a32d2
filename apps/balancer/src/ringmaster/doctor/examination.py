"""The examination: it asks the balancer, and gives the answers to those who judge. Where nobody answers, or the token
is no good, there is nothing more to ask."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ringmaster.doctor import balance, edges, fleet, times
from ringmaster.doctor.finding import Finding, note, well, wrong
from ringmaster.errors import Away, Refused, Unauthorized, Unreachable

if TYPE_CHECKING:
    from ringmaster.client import Answer, Client

_ROLE = "a token whose role is change may do more; docs/operations.md says how tokens are made"
_RECENT = 200
"""How many failures are looked at, at most."""


def examine(client: Client) -> list[Finding]:
    """Everything that was looked at, the first symptom first."""
    where = client.place.socket or client.place.url
    try:
        health = client.get("/readyz", also=(503,))
    except Unreachable as error:
        return [wrong("reached", error.format_message(), "make status shows what runs; make up brings it up")]
    except Unauthorized as error:
        return [well("reached", where), wrong("token", error.format_message(), "take the deployment's token")]
    except Away as error:
        away = "make logs ROLE=balancer; requests are served meanwhile, and it restarts by itself"
        return [wrong("reached", error.format_message(), away)]
    except Refused as error:
        return [
            well("reached", where),
            wrong("allowed", error.format_message(), "docs/operations.md: who may call control"),
        ]
    return [well("reached", where), *_token(client), *_all_else(client, health)]


def _all_else(client: Client, health: Answer) -> list[Finding]:
    now = datetime.now(UTC)
    ring, deployed = client.get("/ring").document, client.get("/deploy").document
    load, known = client.find("/load"), client.find("/edges")
    failures = client.get("/events", kind="failed", limit=_RECENT).document
    return [
        *fleet.complete(health.document),
        *fleet.ailing(health.document),
        *fleet.silent(health.document),
        *fleet.failing(failures["events"], now),
        *fleet.obeyed(ring),
        *(edges.edges(known.document) if known and "edges" not in health.document["ailments"] else ()),
        *fleet.deployed(deployed),
        *balance.of_the_ring(ring),
        *(balance.measured(load.document) if load else [note("balance", "this balancer has no /load: it is older")]),
        *times.certificates(health.document, now),
        *times.clock(health.date, now),
    ]


def _token(client: Client) -> list[Finding]:
    answer = client.find("/whoami")
    if answer is None:
        return [well("token", "taken" if client.place.token else "none is wanted")]
    who = answer.document
    if not who["token_wanted"]:
        return [well("token", "none is wanted")]
    if who["role"] != "change":
        return [note("token", f"{who['name']} may only read", _ROLE)]
    return [well("token", f"{who['name']} may {who['role']}")]
