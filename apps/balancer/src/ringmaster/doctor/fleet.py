"""Findings about servers, ring and deploy: documents of the API in, findings out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ringmaster.doctor.finding import Finding, note, well, wrong

Document = Mapping[str, Any]

_RECENT = timedelta(minutes=10)
_MANY = 3
"""Failures within _RECENT from which servers count as failing again and again."""


def complete(health: Document) -> Iterator[Finding]:
    """Whether N is what it shall be, and the balancer calls itself ready."""
    count, target = health["N"], health["target"]
    if count == 0 and target == 0:
        yield wrong("servers", "there is none: every request is answered 503", "ringmaster add 3")
    elif count < target:
        yield wrong(
            "servers",
            f"{count} of {target} serve",
            "ringmaster events --kind failed tells why; the balancer goes on trying",
        )
    else:
        yield well("servers", f"{count} of {target} serve")
    if health["ready"]:
        yield well("ready", "N servers serve, and the data plane obeys")
    elif count >= target and not health["ailments"]:
        yield wrong("ready", "not yet: the data plane does not obey so far", "ringmaster status --watch; make logs")


def ailing(health: Document) -> Iterator[Finding]:
    """Each part that does not work, with the balancer's own remedy."""
    remedies = health.get("remedies", {})
    for part, reason in health["ailments"].items():
        yield wrong(part, reason, remedies.get(part, "docs/operations.md has this line; make logs"))


def silent(health: Document) -> Iterator[Finding]:
    if names := health["silent"]:
        yield wrong(
            "heartbeats",
            f"{', '.join(names)} missed heartbeats and gets no new requests",
            "more threads, or a longer heartbeat_timeout: docs/fleet.md, silent, hung, dead",
        )


def failing(failures: Sequence[Document], now: datetime) -> Iterator[Finding]:
    """Whether servers fail again and again. `failures`: the latest events of the kind failed."""
    recent = [event for event in failures if now - datetime.fromisoformat(event["time"]) < _RECENT]
    if len(recent) < _MANY:
        yield well("failures", f"{len(recent)} in the last ten minutes")
        return
    reason, count = Counter(event["reason"] for event in recent).most_common(1)[0]
    yield wrong(
        "failures",
        f"{len(recent)} in the last ten minutes, {count} of them: {reason}",
        "ringmaster events --kind failed; make logs: what a server printed last is there",
    )


def obeyed(ring: Document) -> Iterator[Finding]:
    if ring["in_step"]:
        yield well("ring", f"version {ring['version']}, and the data plane obeys it")
    else:
        yield wrong(
            "ring",
            f"the data plane does not obey version {ring['version']}",
            "make logs ROLE=edge; docker restart ringmaster-edge",
        )
    keyless, key = ring["requests_without_key"], ring["profile"]["key"]
    if keyless and key != "random":
        yield note(
            "keys", f"{keyless} requests came without {key} and were spread at random", "send it with each request"
        )


def deployed(answer: Document) -> Iterator[Finding]:
    deploy = answer["deploy"]
    if deploy is None or deploy["stage"] == "done":
        yield well("deploy", f"release {answer['release']['number']} everywhere")
    elif deploy["stage"] == "stuck":
        yield wrong("deploy", f"stuck: {deploy['reason']}", "mend the image, then ringmaster deploy IMAGE")
    elif deploy["stage"] == "rolled back":
        yield note("deploy", f"the latest one went back: {deploy['reason']}", "mend it, and ringmaster deploy again")
    else:
        yield note("deploy", f"one is {deploy['stage']}", "ringmaster status --watch")
