"""Documents that are not as declared, and the one sentence that each refusal is."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from pydantic import ConfigDict, Field

from balancer.core.errors import InvalidRequest
from balancer.http import refusal
from balancer.http.documents import Hostname, WeightOfServer
from balancer.http.operation import Document
from balancer.http.ring_profile_document import RingProfile


class Wanted(Document):
    count: int = Field(1, ge=1)
    weight: WeightOfServer = 1
    names: list[Hostname] = Field([])
    is_fast: bool = False
    text: str = Field("", max_length=3)
    color: Literal["red", "blue"] = "red"
    part: float = 0.5
    either: int | str = 1
    profile: RingProfile = Field(default_factory=RingProfile)


class Needed(Document):
    count: int = Field(ge=1)
    weight: WeightOfServer


class Lenient(Document):
    model_config = ConfigDict(extra="ignore")

    count: int = 1


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"count": True}, "count must be an integer"),
        ({"count": 2.0}, "count must be an integer"),
        ({"count": "2"}, "count must be an integer"),
        ({"count": 0}, "count must be at least 1"),
        ({"weight": 257}, "weight must be an integer from 0 to 256"),
        ({"weight": None}, "weight must be an integer from 0 to 256"),
        ({"names": "S1"}, "names must be a list of strings"),
        ({"names": ["S1", 2]}, "names must be a list of strings"),
        ({"is_fast": 1}, "is_fast must be true or false"),
        ({"text": 1}, "text must be a string"),
        ({"color": "green"}, "color must be one of red, blue"),
        ({"part": "0.5"}, "part must be a number"),
        ({"either": None}, "either must be as GET /docs describes it"),
        ({"profile": []}, 'profile must be a JSON object, for example {"strategy":"maglev"}'),
        ({"profile": None}, 'profile must be a JSON object, for example {"strategy":"maglev"}'),
        (
            {"kount": 1, "weight": 257},
            '"kount" is not a field here; there is: count, weight, names, is_fast, text, color, part, either, profile',
        ),
        ({"count": 0, "weight": -1}, "count must be at least 1"),
    ],
)
def test_what_is_not_as_declared_is_refused(document: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{re.escape(why)}$"):
        refusal.checked(Wanted, document)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"weight": 1}, "count is missing: an integer of at least 1"),
        ({"count": 1}, "weight is missing: an integer from 0 to 256"),
    ],
)
def test_what_has_to_be_there_is_missed(document: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{re.escape(why)}$"):
        refusal.checked(Needed, document)


def test_no_value_is_converted() -> None:
    assert refusal.checked(Wanted, {"count": 2, "names": ["\ud800"]}) == Wanted(count=2, names=["\ud800"])


def test_other_fields_are_ignored_where_that_is_declared() -> None:
    assert refusal.checked(Lenient, {"count": 2, "more": None}) == Lenient(count=2)
