"""Load on a deployment, for those who know locust; `make locust` opens its web page. At the root of the repository:

    locust                                                      the page, as `make locust`
    locust --headless -u 20 -r 20 -t 1m                         PlainUser
    locust --headless -u 20 -r 20 --requests 10000 --max-over-mean 1.1 UniformKeyUser
    locust --headless -u 20 -r 20 -t 1m PlainUser MembershipUser

From elsewhere add -f …/loadtests/locustfile.py. The deployment has to be up: --host and --control-url say where, its
token comes as RINGMASTER_TOKEN=…. What is asked for is --path. All options that are not locust's, which its --help does
not list, are in loadtests/swarm/options.py.

Users. loadtests/README.md tells what each class sends. A run that names none is PlainUser, and the log says which
others there are. Keys matter once the ring's key is "header:X-User". MembershipUser changes the fleet, and runs only
where the command line names it; with --class-picker the page offers all others, and has them ticked.

Shapes. Those in loadtests/shapes go behind a comma of -f, one file, or the folder together with --class-picker:

    locust -f loadtests/locustfile.py,loadtests/shapes/steps.py -u 50 -t 5m

Answers are checked: their status, and --text. A request is counted under its path and the server that answered, so that
locust's tables tell servers apart. The page's tab "Ring" and the end of a run without the page tell what each server
answered, beside what the ring promises as long as no key is popular.
--servers-file has it second by second. What is under way when a run ends is waited for (--stop-timeout, 2 s), so that
what was sent is counted; nothing is sent twice. --requests counts traffic: a MembershipUser's changes come on top.

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

from loadtests.swarm.membership import MembershipUser
from loadtests.swarm.session import listen
from loadtests.swarm.users import ConstantThroughputUser, PlainUser, UniformKeyUser, ZipfKeyUser

__all__ = ["ConstantThroughputUser", "MembershipUser", "PlainUser", "UniformKeyUser", "ZipfKeyUser"]

listen(events)
