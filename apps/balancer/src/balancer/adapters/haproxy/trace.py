"""The header traceparent in HAProxy's words: what goes to a server, and what the access log has."""

from __future__ import annotations

from balancer.core.traceparent import FORM, KNOWN, MAKE, PASS

_PARTS = {"first": "0,8", "second": "9,4", "last": "24,12"}
"""Offset and length of the parts of a UUID's text that core/traceparent.py takes. The UUID is HAProxy's unique id."""

MADE = FORM.format(**{name: f"%[unique-id,bytes({part})]" for name, part in _PARTS.items()})

_UUID = "^(.{8})-(.{4})-.{9}-(.{12})$"
_OF_UUID = FORM.format(first=r"\\1", second=r"\\2", last=r"\\3")
_CLIENTS_OR_OURS = f'concat(" ",txn.trace),word(-1," "),bytes(0,{KNOWN})'
"""The last word of ours and the client's. The client's is empty where it sent none, or an invalid one."""

LOGGED = {
    MAKE: f'unique-id,regsub("{_UUID}","{_OF_UUID}"),{_CLIENTS_OR_OURS}',
    PASS: f"var(txn.trace),bytes(0,{KNOWN})",
}
"""Of each choice of the setting `traceparent`. Only a line of the log costs this, not a request."""
