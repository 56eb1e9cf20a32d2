"""Writes the READMEs of the collection's roles and their table in the collection's own, from meta/argument_specs.yml.

    python infra/ansible/readme.py

A test tells when they are stale.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

COLLECTION = Path(__file__).parent / "collections" / "ansible_collections" / "ringmaster" / "infra"
MARK = "<!-- Written by infra/ansible/readme.py from meta/argument_specs.yml -->"


def pages() -> dict[Path, str]:
    """Path → text of every README."""
    roles = sorted(path.parents[1] for path in COLLECTION.glob("roles/*/meta/argument_specs.yml"))
    specs = {role.name: _read(role / "meta" / "argument_specs.yml")["argument_specs"] for role in roles}
    return {COLLECTION / "roles" / name / "README.md": _role(name, spec) for name, spec in specs.items()} | {
        COLLECTION / "README.md": _collection(specs)
    }


def _role(name: str, spec: dict[str, Any]) -> str:
    defaults = _read(COLLECTION / "roles" / name / "defaults" / "main.yml")
    lines = [f"# Role `ringmaster.infra.{name}`", "", MARK, "", _text(spec["main"]["short_description"])]
    others = {entry: told for entry, told in spec.items() if entry != "main"}
    if others:
        lines += ["", "Other entry points, each by `tasks_from`:", "", "| entry point | what it does |", "|---|---|"]
        lines += [f"| `{entry}` | {_cell(told['short_description'])} |" for entry, told in others.items()]
    options = spec["main"].get("options", {})
    if options:
        lines += ["", "| variable | type | default | |", "|---|---|---|---|"]
        lines += [_row(option, told, defaults) for option, told in options.items()]
    if (COLLECTION / "roles" / name / "meta" / "main.yml").exists():
        lines += [
            "",
            "It depends on the role [ringmaster](../ringmaster/README.md), which has the settings of a deployment.",
        ]
    return "\n".join(lines) + "\n"


def _row(name: str, told: dict[str, Any], defaults: dict[str, Any]) -> str:
    kind = told.get("type", "str") + (f" of {told['elements']}" if "elements" in told else "")
    choices = f" One of {', '.join(f'`{choice}`' for choice in told['choices'])}." if "choices" in told else ""
    default = told.get("default", defaults.get(name, ""))
    return f"| `{name}` | {kind} | {_default(default)} | {_cell(told['description'])}{choices} |"


def _default(value: Any) -> str:
    text = value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True, width=1000).strip()
    text = text.removesuffix("\n...").strip()
    return f"`{_cell(text)}`" if text else "empty"


def _collection(specs: dict[str, dict[str, Any]]) -> str:
    """The text that a person wrote, with the table of roles after the mark."""
    written, _, _ = (COLLECTION / "README.md").read_text().partition(MARK)
    lines = ["| role | what it does |", "|---|---|"]
    lines += [
        f"| [{name}](roles/{name}/README.md) | {_cell(spec['main']['short_description'])} |"
        for name, spec in specs.items()
    ]
    return f"{written}{MARK}\n\n" + "\n".join(lines) + "\n"


def _text(value: str) -> str:
    return re.sub(r"\s+", " ", value).strip()


def _cell(value: str) -> str:
    return _text(value).replace("|", "\\|")


def _read(path: Path) -> dict[str, Any]:
    return (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
