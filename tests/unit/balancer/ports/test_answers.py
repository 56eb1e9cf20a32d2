"""The JSON texts, byte for byte."""

from __future__ import annotations

from balancer.ports import answers


def test_a_failure_says_why() -> None:
    assert answers.failure("n is missing") == '{"message":"<Error> n is missing","status":"failure"}'


def test_an_unknown_path_is_the_handouts_text() -> None:
    assert answers.unknown_path("/other") == (
        '{"message":"<Error> \'/other\' endpoint does not exist in server replicas","status":"failure"}'
    )


def test_a_text_that_needs_escaping_stays_json() -> None:
    assert answers.failure('a "b"\n') == '{"message":"<Error> a \\"b\\"\\n","status":"failure"}'


def test_nothing_is_blank_after_a_colon_or_comma() -> None:
    assert answers.compact({"a": [1, 2], "b": {"c": None}}) == '{"a":[1,2],"b":{"c":null}}'
