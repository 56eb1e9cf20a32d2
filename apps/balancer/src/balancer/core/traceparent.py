"""The W3C header traceparent: which ones are valid, and how a missing one is made (https://www.w3.org/TR/trace-context)."""

from __future__ import annotations

import re

VALID = "(?!ff)(?!00.{54})[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[-!-+.-~]*)?"
"""A regular expression for the whole value, in Python and in HAProxy. Version 00 has nothing after the flags. A higher
version may have more after one more '-'; ff is no version. Without ',', which joins the values of several lines."""

KNOWN = 55
"""Characters of the part that every version has. The access log has no more."""

MAKE, PASS = "make", "pass"
"""What becomes of a request without a valid one: it gets one, or it has none."""

FORM = "00-00000000{request_id}-0000000000000001-01"
"""A made one. Nobody records a span of the edge, so its parent only must not be zero.

The flags are 01, sampled: most tracers obey their caller, and 00 would end the traces of servers that trace by
themselves."""

_VALID = re.compile(VALID)


def is_valid(text: str) -> bool:
    return _VALID.fullmatch(text) is not None


def made(request_id: str) -> str:
    """A new one, whose trace is the request's id of 24 hexadecimal digits.

    Tracers sample by the last 16 digits of a trace, so none of them may be fixed, as a UUID's digits for version and
    variant are.
    """
    return FORM.format(request_id=request_id)


def trace_id(traceparent: str) -> str:
    return traceparent[3:35]


def parent_id(traceparent: str) -> str:
    return traceparent[36:52]
