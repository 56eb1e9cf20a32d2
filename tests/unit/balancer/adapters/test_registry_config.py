"""The file with credentials for registries."""

from __future__ import annotations

from pathlib import Path

import pytest

from balancer.adapters.registry_config import RegistryConfig
from balancer.core.errors import InvalidRequest

TEXT = '{"auths":{"host:5000":{"username":"me","password":"%s"}}}'


def test_without_a_file_there_are_no_credentials() -> None:
    config = RegistryConfig(None)
    config.check()
    assert config.credentials("host:5000/app") == {}


def test_the_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    config = RegistryConfig(file)
    for password in ("one", "two"):
        file.write_text(TEXT % password)
        assert config.credentials("host:5000/app")["password"] == password
    assert config.credentials("app") == {}


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    config = RegistryConfig(file)
    with pytest.raises(InvalidRequest, match=r"config\.json cannot be read: No such file"):
        config.check()
    file.write_bytes(b"\xff")
    with pytest.raises(InvalidRequest, match=r"config\.json cannot be read: it is not text"):
        config.check()
    file.write_text("{")
    with pytest.raises(InvalidRequest, match=r"config\.json: it is not a JSON object"):
        config.check()
