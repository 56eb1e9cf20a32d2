"""`python -m ringmaster` is the command."""

from __future__ import annotations

import sys

from ringmaster.main import run

sys.exit(run())
