"""Prometheus' text format of several edges as one text: a label tells the edge, and each family is told once."""

from __future__ import annotations

from collections.abc import Mapping


def labelled(texts: Mapping[str, str]) -> str:
    """`texts`: node → text. Every sample gets the label `edge` with the node. The samples of a family stand together
    under its HELP and TYPE, as the format demands."""
    told: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for node, text in sorted(texts.items()):
        label = 'edge="' + node.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") + '"'
        family = ""
        for line in text.splitlines():
            if line.startswith("# "):
                _, kind, family, *_ = *line.split(" ", 3), "", ""
                about = told.setdefault(family, [])
                if kind in {"HELP", "TYPE"} and not any(other.startswith(f"# {kind} ") for other in about):
                    about.append(line)
            elif line:
                samples.setdefault(family, []).append(_with(label, line))
    families = dict.fromkeys([*told, *samples])
    lines = [line for family in families for line in (*told.get(family, ()), *samples.get(family, ()))]
    return "".join(f"{line}\n" for line in lines)


def _with(label: str, sample: str) -> str:
    """The sample with one label more. A name has neither brace nor blank; a label's value may have both."""
    name, brace, rest = sample.partition("{")
    if brace and " " not in name:
        return f"{name}{{{label}{'' if rest.startswith('}') else ','}{rest}"
    name, _, value = sample.partition(" ")
    return f"{name}{{{label}}} {value}"
