"""Load on a deployment, for those who know locust; `make locust` opens its web page.

    locust -f loadtests/locustfile.py --headless -u 20 -r 20 -t 1m
    locust -f loadtests/locustfile.py --headless -u 20 -r 20 --requests 10000 --max-over-mean 1.1 UniformKeyUser
    locust -f loadtests/locustfile.py,loadtests/swarm/membership.py --headless -u 20 -r 20 -t 1m

The deployment has to be up: --host and --control-url say where, its token comes as RINGMASTER_TOKEN=…. All options that
are not locust's, which its --help does not list, are in loadtests/swarm/options.py.

Users. A run that names no classes is PlainUser, and what further files bring. UniformKeyUser and ZipfKeyUser have to
be named; their key matters once the ring's key is "header:X-User". MembershipUser, which changes the fleet, is in a
file of its own. With --class-picker the page offers all that there are, and has them ticked.

Shapes. Those in loadtests/shapes go behind a comma as well, one file, or the folder together with --class-picker.

Counts. The page's tab "Ring", /ring-stats (JSON), /ring-stats/csv, and the end of a run without the page tell what
each server answered, beside what the ring promises as long as no key is popular. --servers-file has it second by
second. What is under way when a run ends is waited for (--stop-timeout, 2 s), so that what was sent is counted;
nothing is sent twice. --requests counts traffic: a MembershipUser's changes come on top.

Exit code. 1 if a threshold (--max-fail-ratio, --max-p99-ms, --max-over-mean) is missed. Else 1 (--exit-code-on-error)
if a request failed, unless there is a --max-fail-ratio, which has judged that. 2 if the run could not begin. Else 0.

Several processes (--processes 2, or --master and --worker) count together. The master gives its workers no token:
those for MembershipUser need RINGMASTER_TOKEN=… themselves.
"""

import sys
from pathlib import Path

# At the end: locust takes what is first away again.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from locust import events

from loadtests.swarm.session import listen
from loadtests.swarm.users import PlainUser, UniformKeyUser, ZipfKeyUser

__all__ = ["PlainUser", "UniformKeyUser", "ZipfKeyUser"]

listen(events)
