"""How the command starts: a shell starts it for every completion."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import ringmaster

SOURCES = Path(ringmaster.__file__).parents[1]


def test_without_a_question_nothing_of_the_network_is_loaded() -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(SOURCES)!r}); import ringmaster.main; print('requests' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
