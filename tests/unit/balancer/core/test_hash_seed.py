"""The hash seed: what it makes of keys, and that keys chosen to meet at one server do not meet any more."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.catalogue import Catalogue
from balancer.core.hash_seed import HashSeed
from balancer.core.key_source import KeySource, Message
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.routes import Routes

WORDS = "a-secret-of-operators"
SEED = HashSeed.of(WORDS)
OTHER = HashSeed.of("another-secret-of-operators")
SLOTS = 64


def aimed(name: str, number: int) -> list[bytes]:
    """Keys that an outsider has found by trying: all have slot 17 of 64 under this request hash without a seed."""
    request_hash = REQUEST_HASHES[name]
    tried = (b"user-%d" % at for at in count())
    return list(islice((key for key in tried if request_hash.slot(key, SLOTS) == 17), number))


def test_a_seeded_key_is_golden() -> None:
    """Were it another one, every key would get another server at the next update."""
    assert SEED.seeded(b"alice") == b"35C3B6873B974434"


@given(st.binary(max_size=200))
def test_a_seeded_key_is_the_beginning_of_a_digest(key: bytes) -> None:
    block = hashlib.sha256(WORDS.encode()).hexdigest().encode()
    assert SEED.seeded(key) == hashlib.sha256(block + key).hexdigest().upper()[:16].encode()
    assert OTHER.seeded(key) != SEED.seeded(key)


@pytest.mark.parametrize("name", [name for name in REQUEST_HASHES if name != "course"])
def test_keys_that_aim_at_one_slot_spread_with_a_seed(name: str) -> None:
    keys, slot = aimed(name, 640), REQUEST_HASHES[name].slot
    assert {slot(key, SLOTS) for key in keys} == {17}
    hit = Counter(slot(SEED.seeded(key), SLOTS) for key in keys)
    assert len(hit) == SLOTS
    assert max(hit.values()) < 30, hit
    assert hit != Counter(slot(OTHER.seeded(key), SLOTS) for key in keys)


def test_numbers_that_aim_at_one_slot_of_the_course_spread_over_all_that_it_has() -> None:
    slot = REQUEST_HASHES["course"].slot
    keys = [b"%d" % number for number in range(100_000, 200_000) if slot(b"%d" % number, 512) == 17][:2000]
    assert len({slot(SEED.seeded(key), 512) for key in keys}) == 87


@pytest.mark.parametrize("secret", ["x" * 16, "x" * 256, "+/=,)('\"\\#%${HOME}~"])
def test_haproxys_form_has_nothing_in_it_that_haproxy_reads(secret: str) -> None:
    """The block fills one block of SHA-256 exactly, however long the secret is."""
    assert re.fullmatch(
        r"str\([0-9a-f]{64}\),concat\(,txn\.key\),digest\(sha256\),bytes\(0,8\),hex", HashSeed.of(secret).sample
    )


def test_nobody_sees_the_secret_by_chance() -> None:
    profile = Catalogue(seed=SEED).profile({"key": "path"})
    routes = Routes((), (), key=profile.key, seed=profile.seed)
    shown = f"{SEED!r} {SEED} {profile!r} {routes!r} {profile.document()} {routes.digest}"
    assert WORDS not in shown
    assert SEED.block not in shown


def test_a_missing_key_stays_missing() -> None:
    message = Message(path=b"/", query=b"", headers={"x-key": b""}, client=b"192.0.2.1")
    routes = Routes((), (), key=KeySource("header", "X-Key"), seed=SEED)
    assert routes.key_of(message) == b""
    assert Routes((), (), seed=SEED).key_of(message) == b""
    assert Routes((), (), key=KeySource("path"), seed=SEED).key_of(message) == SEED.seeded(b"/")
    assert Routes((), (), key=KeySource("path")).key_of(message) == b"/"


def test_every_profile_of_a_catalogue_has_its_seed() -> None:
    assert Catalogue(seed=SEED).profile({}).seed == SEED
    assert Catalogue().profile({}).seed is None
