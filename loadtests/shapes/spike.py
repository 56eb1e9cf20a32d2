"""Few users, suddenly all of them, then few again, to see what a rush leaves behind:

locust -f loadtests/locustfile.py,loadtests/shapes/spike.py -u 50 -r 50 -t 3m
"""

from loadtests.swarm.staged_shape import StagedShape
from loadtests.swarm.stages import Stage


class Spike(StagedShape):
    stages = (
        Stage(until=0.4, users=0.1),
        Stage(until=0.6, users=1.0),
        Stage(until=1.0, users=0.1),
    )
