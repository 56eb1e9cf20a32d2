"""What POST /ring/preview is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from balancer.core.preview import PreviewRequest
from balancer.http import refusal
from balancer.http.preview_documents import Wish


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ({}, PreviewRequest()),
        ({"profile": {}}, PreviewRequest({})),
        ({"profile": {"strategy": "x", "slots": "many"}}, PreviewRequest({"strategy": "x", "slots": "many"})),
        ({"servers": []}, PreviewRequest(None, {})),
        ({"servers": ["S1", "S9"]}, PreviewRequest(None, {"S1": None, "S9": None})),
        ({"servers": {"S1": 0, "S9": 256}}, PreviewRequest(None, {"S1": 0, "S9": 256})),
        ({"slots": True}, PreviewRequest()),
    ],
)
def test_what_is_asked_for_is_read(document: dict[str, Any], wanted: PreviewRequest) -> None:
    assert refusal.checked(Wish, document).request() == wanted
