"""The JSON texts that only the API has, byte for byte."""

from __future__ import annotations

from balancer.http.answer import success


def test_a_success_names_n_and_the_replicas() -> None:
    assert success(("S1", "S2", "S3")) == ('{"message":{"N":3,"replicas":["S1","S2","S3"]},"status":"successful"}')


def test_a_success_without_servers_is_complete_too() -> None:
    assert success(()) == '{"message":{"N":0,"replicas":[]},"status":"successful"}'
