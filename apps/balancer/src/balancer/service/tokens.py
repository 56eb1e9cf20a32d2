"""The tokens that open control: the one of the settings, and the named ones of a file, which may change at any time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from hashlib import sha256

from balancer.core import tokens
from balancer.core.errors import InvalidRequest
from balancer.core.tokens import OPERATOR, Role, Token
from balancer.service.problems import Part, Problems

_log = logging.getLogger(__name__)

_INTERVAL = 1.0
"""Seconds between two looks at the file."""


class Tokens:
    """`read` returns the content of the file, None where it is not there, or raises InvalidRequest. It is None where
    there shall be no named tokens. `token_sha256` is empty where the settings have none. `maker`: the SHA-256 of a
    session's token → the SHA-256 of the token that the session stands for."""

    def __init__(
        self,
        *,
        token_sha256: str,
        problems: Problems,
        read: Callable[[], bytes | None] | None = None,
        maker: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._operators = (Token(OPERATOR, token_sha256, Role.CHANGE),) if token_sha256 else ()
        self._read = read
        self._maker = maker
        self._problems = problems
        self._named: tuple[Token, ...] = ()
        self._content: bytes | None = None
        self._has_looked = False

    @property
    def are_wanted(self) -> bool:
        """Whether control asks for a token at all."""
        return bool(self._operators) or self._read is not None

    def holder(self, token: str) -> Token | None:
        """The token that this text is, or whose session it is. None where it is neither."""
        digest = sha256(token.encode()).hexdigest()
        found = self._find(digest)
        if found is None and (maker := self._maker(digest)) is not None:
            found = self._find(maker)
        return found

    def own(self, token: str) -> Token | None:
        """The token that this text is. None where it is none, or a session's."""
        return self._find(sha256(token.encode()).hexdigest())

    def _find(self, digest: str) -> Token | None:
        if not self._has_looked:
            self.look()
        return tokens.holder(self._operators + self._named, digest)

    def round(self) -> float:
        self.look()
        return _INTERVAL

    def look(self) -> None:
        """Takes the tokens from the file where it has changed. Those of the last good file count while the file is
        broken, so that a typing error locks nobody out. Where the file is gone, none of them does."""
        if self._read is None:
            return
        with self._problems.watch(Part.TOKENS, InvalidRequest):
            try:
                self._take(self._read())
            except InvalidRequest as error:
                rest = "the tokens that it had before still count" if self._named else "no named token counts"
                raise InvalidRequest(f"tokens_file: {error}; {rest}") from None
            finally:
                self._has_looked = True
            if self._content is None:
                raise InvalidRequest("tokens_file: it is not there, so that no named token counts; write it again")

    def _take(self, content: bytes | None) -> None:
        if content == self._content:
            return
        named = () if content is None else tokens.parse(content)
        self._named, self._content = named, content
        _log.info("named tokens", extra={"names": [f"{token.name}: {token.role}" for token in named]})
