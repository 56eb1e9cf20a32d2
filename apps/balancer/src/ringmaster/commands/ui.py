"""`ringmaster ui`: the page."""

from __future__ import annotations

import json

import click

from ringmaster.invocation import Invocation, asks
from ringmaster.place import DEFAULT_URL


@click.command()
@click.option("--open", "opens", is_flag=True, help="Open it in this machine's browser, too.")
@asks
def ui(invocation: Invocation, opens: bool) -> None:
    """Print the URL of the page.

    Where there is a token, it is a link that logs in once, within a minute, with that token's
    name and role.

    With --json: an object with url and expires, the seconds for which the link can be used; null for ever.

    \b
    ringmaster ui
    ringmaster ui --open
    """
    place = invocation.client.place
    url, expires = f"{DEFAULT_URL if place.socket else place.url}/", None
    if place.token:
        link = invocation.client.change("POST", "/sessions/links").document
        url, expires = f"{url}#code={link['code']}", link["expires"]
    invocation.out.line(json.dumps({"url": url, "expires": expires}) if invocation.as_json else url)
    if place.socket:
        invocation.out.say("The page is where the control port is published; that may be another address than this.")
    if opens and click.launch(url):
        invocation.out.say("No browser could be opened here; open the link yourself.")
