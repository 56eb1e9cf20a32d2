"""More and more users, a fifth of them at a time, to find where answers begin to wait:

locust -f loadtests/locustfile.py,loadtests/shapes/steps.py -u 50 -t 5m
"""

from loadtests.swarm.staged_shape import StagedShape
from loadtests.swarm.stages import Stage


class Steps(StagedShape):
    stages = (
        Stage(until=0.2, users=0.2),
        Stage(until=0.4, users=0.4),
        Stage(until=0.6, users=0.6),
        Stage(until=0.8, users=0.8),
        Stage(until=1.0, users=1.0),
    )
