"""The ring profile as a JSON object: what is left out, what is written back, and every way to be wrong."""

from __future__ import annotations

import json
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.catalogue import Catalogue
from balancer.core.errors import InvalidRequest
from balancer.core.key_source import RANDOM, KeySource
from balancer.core.request_hash import REQUEST_HASHES, RequestHash
from balancer.core.ring_profile import RingProfile
from balancer.core.strategies import STRATEGIES, Course, Maglev, Ring, Strategy, Table

CATALOGUE = Catalogue()

DEFAULTS: dict[str, dict[str, object]] = {
    "table": {"strategy": "table", "slots": 512, "request_hash": "crc32"},
    "course": {"strategy": "course", "slots": 512, "virtual_servers": 9, "probing": "linear", "request_hash": "course"},
    "ring": {
        "strategy": "ring",
        "slots": 512,
        "virtual_servers": 160,
        "points": "2^32",
        "point_hash": "xxh64",
        "request_hash": "crc32",
    },
    "maglev": {"strategy": "maglev", "slots": 65_537, "request_hash": "crc32"},
}


def test_an_empty_object_is_the_balanced_table_keyed_at_random() -> None:
    assert CATALOGUE.profile({}) == RingProfile()
    assert RingProfile() == RingProfile(
        strategy=Table(slots=512), request_hash=REQUEST_HASHES["crc32"], key=RANDOM, bound=None
    )


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_has_its_usual_parameters(name: str) -> None:
    assert CATALOGUE.profile({"strategy": name}).document() == {**DEFAULTS[name], "key": "random", "bound": None}


@pytest.mark.parametrize(
    ("document", "strategy"),
    [
        ({"slots": 64}, Table(slots=64)),
        ({"strategy": "course", "virtual_servers": 3, "probing": "triangular"},
         Course(virtual_servers=3, probing="triangular")),
        ({"strategy": "ring", "points": "slots"}, Ring(points="slots", virtual_servers=9)),
        ({"strategy": "ring", "point_hash": "md5", "virtual_servers": 40}, Ring(point_hash="md5", virtual_servers=40)),
        ({"strategy": "maglev", "slots": 1024}, Maglev(slots=1024)),
    ],
)  # fmt: skip
def test_parameters_stand_beside_the_name_of_the_strategy(document: dict[str, object], strategy: Strategy) -> None:
    assert CATALOGUE.profile(document).strategy == strategy


def test_the_rest_of_a_profile_is_read() -> None:
    profile = CATALOGUE.profile({"request_hash": "sha1", "key": "header:X-User", "bound": 1.25})
    assert profile.request_hash is REQUEST_HASHES["sha1"]
    assert profile.key == KeySource("header", "X-User")
    assert profile.bound == Fraction(5, 4)
    assert profile.slots == 512


powers = st.integers(4, 16).map(lambda exponent: 2**exponent)
strategies = st.one_of(
    st.builds(Table, slots=powers),
    st.builds(Maglev, slots=powers),
    st.builds(
        Course, slots=powers, virtual_servers=st.integers(1, 16), probing=st.sampled_from(["linear", "triangular"])
    ),
    st.builds(
        Ring,
        slots=powers,
        virtual_servers=st.integers(0, 16),
        points=st.sampled_from(["2^32", "slots"]),
        point_hash=st.sampled_from(["xxh64", "md5", "sha1", "sha256"]),
    ),
)
profiles = st.builds(
    RingProfile,
    strategy=strategies,
    request_hash=st.sampled_from(list(REQUEST_HASHES.values())),
    key=st.sampled_from(["random", "header:X-User", "cookie:id", "query:q", "path", "address"]).map(KeySource.parse),
    bound=st.sampled_from([None, Fraction(5, 4), Fraction(11, 10), Fraction(2)]),
)


@given(profiles)
def test_what_is_written_is_read_again(profile: RingProfile) -> None:
    written = json.dumps(profile.document())
    assert CATALOGUE.profile(json.loads(written)) == profile


@pytest.mark.parametrize("document", [None, [], "table", 512, True, [{"strategy": "table"}]])
def test_what_is_no_object_is_refused_with_an_example(document: object) -> None:
    with pytest.raises(InvalidRequest, match=r'^a ring profile is a JSON object, for example \{"strategy":"table"\}$'):
        CATALOGUE.profile(document)


WRONG = [None, True, 1.5, float("nan"), float("inf"), "", "512", [], [512], {}]
SLOTS = "slots must be a power of two from 2 to 65536"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        *(({"strategy": wrong}, "strategy must be one of table, course, ring, maglev") for wrong in [*WRONG, "Table"]),
        *(({"slots": wrong}, SLOTS) for wrong in [*WRONG, 0, 1, -512, 500, 512.0, 65_537, 131_072]),
        *(({"strategy": "course", "slots": wrong}, SLOTS) for wrong in [*WRONG, 65_537]),
        *(({"strategy": "ring", "slots": wrong}, SLOTS) for wrong in [*WRONG, 65_537]),
        *(({"strategy": "maglev", "slots": wrong}, SLOTS + ", or 65537") for wrong in [*WRONG, 65_539, 65_535]),
        *(
            ({"strategy": "course", "virtual_servers": wrong}, "virtual_servers must be an integer from 1 to 512")
            for wrong in [*WRONG, False, 0, 513]
        ),
        *(
            ({"strategy": "ring", "virtual_servers": wrong}, "virtual_servers must be an integer from 0 to 1024")
            for wrong in [*WRONG, False, 0.0, 1025]
        ),
        *(
            ({"strategy": "course", "probing": wrong}, "probing must be one of linear, triangular")
            for wrong in [*WRONG, "quadratic"]
        ),
        *(({"strategy": "ring", "points": wrong}, "points must be one of 2^32, slots") for wrong in [*WRONG, "circle"]),
        *(
            ({"strategy": "ring", "point_hash": wrong}, "point_hash must be one of xxh64, md5, sha1, sha256")
            for wrong in [*WRONG, "crc32"]
        ),
        *(
            ({"request_hash": wrong}, "request_hash must be one of course, crc32, xxh64, md5, sha1, sha256")
            for wrong in [*WRONG, False, 0, "sha512"]
        ),
        *(({"key": wrong}, "key must be one of random, header:NAME,") for wrong in [*WRONG, "header"]),
        *(
            ({"bound": wrong}, "bound must be null (off) or a number above 1")
            for wrong in [*(wrong for wrong in WRONG if wrong not in (None, 1.5)), False, 0, 1, 1.0, -2, 1001]
        ),
        ({"strategy": "course", "slots": 4}, "virtual_servers must be an integer from 1 to 4"),
        (
            {"slot": 512},
            "'slot' is not a field of a ring profile with the strategy table, which has: strategy, slots,",
        ),
        ({"virtual_servers": 9}, "'virtual_servers' is not a field of a ring profile with the strategy table"),
        ({"strategy": "maglev", "": 1}, "'' is not a field of a ring profile with the strategy maglev"),
        ({"x" * 1000: 1}, "'" + "x" * 64 + "' is not a field"),
    ],
)
def test_a_field_that_is_wrong_is_refused_with_its_choices(document: object, reason: str) -> None:
    with pytest.raises(InvalidRequest, match="^" + re.escape(reason)):
        CATALOGUE.profile(document)


HOMEMADE = RequestHash("homemade", len)


def test_a_request_hash_without_a_haproxy_form_is_for_the_flask_plane() -> None:
    flask = Catalogue(request_hashes={**REQUEST_HASHES, "homemade": HOMEMADE}, at_edge=False)
    assert flask.profile({"request_hash": "homemade"}).request_hash is HOMEMADE


def test_a_request_hash_without_a_haproxy_form_is_refused_at_the_edge_with_the_reason() -> None:
    edge = Catalogue(request_hashes={**REQUEST_HASHES, "homemade": HOMEMADE})
    with pytest.raises(
        InvalidRequest, match=r"^request_hash: homemade has no HAProxy form, .* on the data plane flask$"
    ):
        edge.profile({"request_hash": "homemade"})


def test_what_a_catalogue_adds_is_among_the_choices() -> None:
    catalogue = Catalogue(
        strategies={**STRATEGIES, "mine": Table}, request_hashes={"homemade": HOMEMADE}, at_edge=False
    )
    with pytest.raises(InvalidRequest, match="strategy must be one of table, course, ring, maglev, mine"):
        catalogue.profile({"strategy": "yours"})
    with pytest.raises(InvalidRequest, match="request_hash must be one of homemade"):
        catalogue.profile({"request_hash": "yours"})
