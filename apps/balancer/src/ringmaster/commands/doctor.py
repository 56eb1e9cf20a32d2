"""`ringmaster doctor`: what is wrong, and what mends it."""

from __future__ import annotations

import json

import click

from ringmaster.doctor.examination import examine
from ringmaster.errors import No
from ringmaster.invocation import Invocation, asks
from ringmaster.render.diagnosis import diagnosis


@click.command()
@asks
def doctor(invocation: Invocation) -> None:
    """Find what is wrong, and what mends it.

    Whether the balancer is reached and takes the token,
    whether it is ready, what ails, servers that are missing, silent or fail again and again, the deploy, the balance,
    edges, certificates and clocks.

    The exit code is 0 when all is well. With --json: an object with well and findings.

    \b
    ringmaster doctor
    ringmaster doctor --json
    """
    findings = examine(invocation.client)
    wrong = [finding for finding in findings if finding.is_wrong]
    if invocation.as_json:
        invocation.out.line(json.dumps({"well": not wrong, "findings": [finding.document() for finding in findings]}))
    else:
        invocation.out.show(diagnosis(findings))
    if wrong:
        raise No("1 thing is wrong" if len(wrong) == 1 else f"{len(wrong)} things are wrong")
