"""Credentials for registries, as a Docker config.json has them. Nothing here shows them in an error."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from balancer.core.errors import InvalidRequest

DOCKER_HUB = "docker.io"
_NAMES_OF_DOCKER_HUB = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
_SECRETS = ("password", "identitytoken", "registrytoken")
_HELPERS = ("credsStore", "credHelpers")
_NO_REGISTRIES = ("/access-token", "/refresh-token")
"""Ends of keys under which a login by web browser keeps its own tokens, which no registry takes for a password."""


def parse(text: str) -> dict[str, dict[str, str]]:
    """registry → its credentials, as the engine takes them, for all registries that have some. Raises InvalidRequest,
    without a word of the text."""
    document = _document(text)
    for helper in _HELPERS:
        if document.get(helper):
            raise InvalidRequest(f"it names {helper}: no such program is here; write the credentials into auths")
    auths = document.get("auths", {})
    if not isinstance(auths, dict):
        raise InvalidRequest("auths must be an object")
    told = {key: _credentials(key, entry) for key, entry in auths.items() if not key.endswith(_NO_REGISTRIES)}
    return {registry_of(key): credentials for key, credentials in told.items() if credentials}


def registry_of(address: str) -> str:
    """The registry that a key of auths names, with or without a scheme and a path."""
    host = address.partition("://")[2] or address
    host = host.partition("/")[0].lower()
    return DOCKER_HUB if host in _NAMES_OF_DOCKER_HUB else host


def registry_of_image(name: str) -> str:
    """The registry that an image's name names: Docker Hub unless it begins with a host."""
    return registry_of(name.partition("/")[0]) if begins_with_host(name) else DOCKER_HUB


def begins_with_host(name: str) -> bool:
    """Whether an image's name begins with the host of a registry, as Docker tells it from a part of the path."""
    host, slash, _ = name.partition("/")
    return bool(slash) and (host == "localhost" or "." in host or ":" in host or host != host.lower())


def hidden(text: str, credentials: Mapping[str, str]) -> str:
    """The text without the secrets of the credentials, and without the queries of its URLs, which may hold a token."""
    both = f"{credentials.get('username', '')}:{credentials.get('password', '')}"
    secrets = [credentials.get(name, "") for name in _SECRETS] + [base64.b64encode(both.encode()).decode()]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return " ".join(_without_query(word) for word in text.split())


def _without_query(word: str) -> str:
    before, question_mark, query = word.partition("?")
    if "://" not in before or not question_mark:
        return word
    return before + "?***" + query[len(query.rstrip("\"':,;.)")) :]


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InvalidRequest("it is not a JSON object, as a Docker config.json is")
    return document


def _credentials(key: str, entry: object) -> dict[str, str]:
    """The credentials of one registry; empty where the entry has none."""
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise InvalidRequest(f"auths: {key} must be an object of strings")
    address = {"serveraddress": key}
    if entry.get("identitytoken"):
        return address | {"identitytoken": entry["identitytoken"]}
    if entry.get("registrytoken"):
        return address | {"registrytoken": entry["registrytoken"]}
    if entry.get("auth"):
        try:
            user, colon, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            colon = ""
        if not colon:
            raise InvalidRequest(f"auths: auth of {key} must be base64 of user:password")
        return address | {"username": user, "password": password.rstrip("\0")}
    if entry.get("username"):
        return address | {"username": entry["username"], "password": entry.get("password", "")}
    return {}
