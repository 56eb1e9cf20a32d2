"""What wrk prints, and what it is called with."""

from __future__ import annotations

import pytest

from loadtests.bench import wrk
from loadtests.running import CannotMeasure

PRINTED = """\
Running 5s test @ http://172.18.0.4:5000/home
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.48ms  312.42us   9.97ms   90.11%
    Req/Sec    43.33k     2.01k   46.13k    82.00%
  215618 requests in 5.00s, 57.79MB read
Requests/sec:  43117.10
Transfer/sec:     11.56MB
{"requests": 215618, "duration_us": 5000756, "bytes": 60597000, \
"connect": 0, "read": 0, "write": 0, "status": 0, "timeout": 0}
"""


def test_the_last_line_has_the_figures() -> None:
    load = wrk.parse(PRINTED)
    assert load == wrk.Load(requests=215618, seconds=5.000756, faults={})


def test_answers_that_are_wrong_or_missing_are_faults() -> None:
    printed = PRINTED.replace('"status": 0', '"status": 3').replace('"read": 0', '"read": 12')
    assert wrk.parse(printed).faults == {"read": 12, "status": 3}


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("", "nothing"),
        ("unable to connect to 172.18.0.4:5000 Connection refused\n", "Connection refused"),
        ('{"requests": 3}', '{"requests": 3}'),
        ("PANIC: unprotected error\n[1]", "PANIC"),
    ],
)
def test_where_it_tells_nothing_its_words_are_shown(printed: str, told: str) -> None:
    with pytest.raises(CannotMeasure) as error:
        wrk.parse(printed)
    assert "wrk told no figures" in str(error.value)
    assert told in str(error.value)


def test_the_script_gets_the_seed_and_the_number_of_keys() -> None:
    command = wrk.command("http://h:5000/home", seconds=3, connections=64, seed=7)
    assert command[-4:] == ["http://h:5000/home", "--", "7", "10000"]
    assert "--connections 64 --duration 3s" in " ".join(command)
