"""Credentials for registries: what a Docker config.json may say, and that nothing of it is shown."""

from __future__ import annotations

import base64
import json

import pytest

from balancer.core.errors import InvalidRequest
from balancer.core.registry_credentials import hidden, parse, registry_of_image


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def config(**auths: object) -> str:
    return json.dumps({"auths": auths})


ENTRIES = [
    ({"auth": coded("me:a:b")}, {"username": "me", "password": "a:b"}),
    ({"auth": coded("me:word\0\0"), "email": "me@example"}, {"username": "me", "password": "word"}),
    ({"username": "me", "password": "word"}, {"username": "me", "password": "word"}),
    ({"auth": coded("me:x"), "identitytoken": "token"}, {"identitytoken": "token"}),
    ({"registrytoken": "token"}, {"registrytoken": "token"}),
]


@pytest.mark.parametrize(("entry", "expected"), ENTRIES)
def test_an_entry_is_what_the_engine_takes(entry: object, expected: dict[str, str]) -> None:
    assert parse(json.dumps({"auths": {"host:5000": entry}})) == {
        "host:5000": {"serveraddress": "host:5000"} | expected
    }


def test_a_file_without_entries_and_an_entry_without_anything_are_no_credentials() -> None:
    assert parse("{}") == {}
    assert parse('{"auths":{"host":{}},"credsStore":"","HttpHeaders":{}}') == {}


def test_an_entry_without_anything_takes_no_credentials_away() -> None:
    auths = {"https://index.docker.io/v1/": {"auth": coded("me:word")}, "docker.io": {}}
    assert parse(config(**auths))["docker.io"]["username"] == "me"


def test_the_tokens_of_a_login_by_web_browser_are_no_credentials_for_images() -> None:
    """They stand beside the credentials, in the order of their names."""
    hub = "https://index.docker.io/v1/"
    keys = {hub: "word", f"{hub}access-token": "access", f"{hub}refresh-token": "refresh"}
    parsed = parse(config(**{key: {"auth": coded(f"me:{word}")} for key, word in keys.items()}))
    assert parsed == {"docker.io": {"serveraddress": hub, "username": "me", "password": "word"}}


@pytest.mark.parametrize(
    ("key", "image"),
    [
        ("https://index.docker.io/v1/", "app:1"),
        ("docker.io", "team/app"),
        ("registry-1.docker.io", "docker.io/library/app:1"),
        ("host:5000", "host:5000/app:1"),
        ("https://Host.example/v2/", "host.example/team/app@sha256:0a"),
        ("http://localhost", "localhost/app"),
        ("127.0.0.1:5000", "127.0.0.1:5000/team/app"),
    ],
)
def test_an_entry_is_for_the_images_of_its_registry(key: str, image: str) -> None:
    parsed = parse(config(**{key: {"auth": coded("me:word")}}))
    assert parsed[registry_of_image(image)]["username"] == "me"


@pytest.mark.parametrize("image", ["host/app", "host:5001/app", "app", "app:5000", "sub.host:5000/app"])
def test_an_entry_is_for_no_other_registry(image: str) -> None:
    assert registry_of_image(image) not in parse(config(**{"host:5000": {"auth": coded("me:word")}}))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not a JSON object"),
        ("[]", "it is not a JSON object"),
        ('{"auths":[]}', "auths must be an object"),
        ('{"credsStore":"desktop","auths":{}}', "it names credsStore"),
        ('{"credHelpers":{"host":"ecr-login"}}', "it names credHelpers"),
        (config(host="secret"), "auths: host must be an object of strings"),
        (config(host={"auth": 1}), "auths: host must be an object of strings"),
        (config(host={"auth": "s3cret!"}), "auths: auth of host must be base64 of user:password"),
        (config(host={"auth": coded("s3cret")}), "auths: auth of host must be base64 of user:password"),
    ],
)
def test_what_is_no_such_file_is_told_without_what_it_holds(text: str, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why) as refused:
        parse(text)
    assert "s3cret" not in str(refused.value)
    assert coded("s3cret") not in str(refused.value)


def test_no_credential_and_no_token_of_a_url_is_left_in_a_text() -> None:
    credentials = {"serveraddress": "host:5000", "username": "app", "password": "w0rd", "identitytoken": "t0ken"}
    said = 'Get "https://auth.host/v2/app/token?account=app&sig=abc": w0rd, t0ken or %s is wrong at host:5000'
    expected = 'Get "https://auth.host/v2/app/token?***": ***, *** or *** is wrong at host:5000'
    assert hidden(said % coded("app:w0rd"), credentials) == expected
    assert hidden("is it here? yes", {}) == "is it here? yes"
