"""Leaves what may be a secret out of a text for others: the values that a release gives to its containers."""

from __future__ import annotations

from balancer.core.release import Release

_RECOGNISABLE = 4
"""Characters. Shorter values are parts of many words."""


def without_secrets(text: str, release: Release) -> str:
    """An engine's text or a server's output, for others. It may quote what it was given: values of variables, labels
    and log options are left out, the longest first: one may be a part of another. Of a value of several lines, each
    line is left out."""
    told = [*release.environment.items(), *release.labels.items(), *release.options_of_the_log.items()]
    values = {part for _, value in told for part in (value, *value.splitlines()) if len(part) >= _RECOGNISABLE}
    hidden = {f"{name}={value}": f"{name}=…" for name, value in told} | dict.fromkeys(values, "…")
    for secret in sorted(hidden, key=len, reverse=True):
        text = text.replace(secret, hidden[secret])
    return text
