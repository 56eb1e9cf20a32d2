"""The header traceparent in HAProxy's words: what goes to a server, and what the access log has."""

from __future__ import annotations

from balancer.core.traceparent import FORM, KNOWN, MAKE, PASS

MADE = FORM.format(request_id="%[var(txn.made_id)]")

_OF_ID = FORM.format(request_id=r"\\1")
_CLIENTS_OR_OURS = f'concat(" ",txn.trace),word(-1," "),bytes(0,{KNOWN})'
"""The last word of ours and the client's. The client's is empty where it sent none, or an invalid one."""

LOGGED = {
    MAKE: f'var(txn.made_id),regsub("^(.*)$","{_OF_ID}"),{_CLIENTS_OR_OURS}',
    PASS: f"var(txn.trace),bytes(0,{KNOWN})",
}
"""Of each choice of the setting `traceparent`. Only a line of the log costs this, not a request."""
