"""What is left out of a text that an engine or a server wrote."""

from __future__ import annotations

import pytest

from balancer.core.redaction import without_secrets
from balancer.core.release import Release


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("invalid variable: PASSWORD=hunter2", "invalid variable: PASSWORD=…"),
        ("cannot run /bin/hunter2/x", "cannot run /bin/…/x"),
        ("unknown log opt 'key-b' for token key-b=abcd", "unknown log opt 'key-b' for token key-b=…"),
        ("label secret-label is bad", "label … is bad"),
        ("N=1 is 1 too many", "N=… is 1 too many"),
        ("no such image", "no such image"),
        ("it printed line one, and line two", "it printed …, and …"),
        ("bad DSN=shop:s3cr3t@db, or shop", "bad DSN=…, or …"),
        ("cannot run secret-of-both", "cannot run …"),
    ],
)
def test_what_may_be_a_secret_is_left_out_of_a_text(text: str, told: str) -> None:
    release = Release(
        environment={
            "PASSWORD": "hunter2",
            "N": "1",
            "EMPTY": "",
            "DB": "shop",
            "DSN": "shop:s3cr3t@db",
            "a": "secret-of-both",
            "KEY": "line one\nline two",
        },
        labels={"a": "secret-label"},
        log_options={"key-b": "abcd"},
    )
    assert without_secrets(text, release) == told
