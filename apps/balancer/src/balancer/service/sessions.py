"""The sessions of the page: codes that count once, and the tokens that they are exchanged for. A restart ends all."""

from __future__ import annotations

import hmac
import string
import threading
from dataclasses import dataclass
from hashlib import sha256

from balancer.ports.clock import Clock
from balancer.ports.randomness import Randomness

CODE_SECONDS = 60
SESSION_SECONDS = 8 * 3600
MOST = 64
"""The most codes, and the most sessions."""

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 32
"""Characters: more than 190 bits, which nobody guesses."""


class Sessions:
    """A code and a session stand for the token that asked for the code, its maker: they have no role of their own, and
    they are worth nothing once the maker is no token any more. A maker is known by its SHA-256."""

    def __init__(self, *, clock: Clock, randomness: Randomness) -> None:
        self._codes = _Aliases(seconds=CODE_SECONDS, clock=clock, randomness=randomness)
        self._sessions = _Aliases(seconds=SESSION_SECONDS, clock=clock, randomness=randomness)

    def link(self, maker: str) -> str:
        """A new code."""
        return self._codes.make(maker)

    def begin(self, code: str) -> str | None:
        """The token of a new session; None where the code is unknown, too old or used."""
        maker = self._codes.maker(_digest(code), forget=True)
        return None if maker is None else self._sessions.make(maker)

    def maker(self, digest: str) -> str | None:
        """The maker of the session whose token has this SHA-256; None where there is no such session."""
        return self._sessions.maker(digest)


@dataclass(frozen=True, slots=True)
class _Alias:
    digest: str
    maker: str
    until: float


class _Aliases:
    """Random texts that each stand for a token for some time. Only their SHA-256 is kept."""

    def __init__(self, *, seconds: float, clock: Clock, randomness: Randomness) -> None:
        self._seconds = seconds
        self._clock = clock
        self._randomness = randomness
        self._lock = threading.Lock()
        self._aliases: list[_Alias] = []

    def make(self, maker: str) -> str:
        """A new text. Where there are too many, the oldest of this maker goes, or the oldest of all: nobody with one
        token ends more than one session of others."""
        text = "".join(self._randomness.choice(_ALPHABET) for _ in range(_LENGTH))
        with self._lock:
            self._drop_old()
            if len(self._aliases) >= MOST:
                own = (alias for alias in self._aliases if alias.maker == maker)
                self._aliases.remove(next(own, self._aliases[0]))
            self._aliases.append(_Alias(_digest(text), maker, self._clock.now() + self._seconds))
        return text

    def maker(self, digest: str, *, forget: bool = False) -> str | None:
        """It takes the same time whichever alias it is, and where it is none."""
        found: _Alias | None = None
        with self._lock:
            self._drop_old()
            for alias in self._aliases:
                if hmac.compare_digest(digest, alias.digest):
                    found = alias
            if found and forget:
                self._aliases.remove(found)
        return found.maker if found else None

    def _drop_old(self) -> None:
        now = self._clock.now()
        self._aliases = [alias for alias in self._aliases if now < alias.until]


def _digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
