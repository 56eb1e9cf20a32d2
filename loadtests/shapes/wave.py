"""Two days, with a night between and after them, for whatever follows the load, such as autoscaling:

locust -f loadtests/locustfile.py,loadtests/shapes/wave.py -u 50 -t 10m
"""

from loadtests.swarm.staged_shape import StagedShape
from loadtests.swarm.stages import Stage


class Wave(StagedShape):
    """Sixteenths of the time, along a sine between a tenth and all."""

    stages = (
        Stage(until=0.0625, users=0.23),
        Stage(until=0.1250, users=0.55),
        Stage(until=0.1875, users=0.87),
        Stage(until=0.2500, users=1.00),
        Stage(until=0.3125, users=0.87),
        Stage(until=0.3750, users=0.55),
        Stage(until=0.4375, users=0.23),
        Stage(until=0.5000, users=0.10),
        Stage(until=0.5625, users=0.23),
        Stage(until=0.6250, users=0.55),
        Stage(until=0.6875, users=0.87),
        Stage(until=0.7500, users=1.00),
        Stage(until=0.8125, users=0.87),
        Stage(until=0.8750, users=0.55),
        Stage(until=0.9375, users=0.23),
        Stage(until=1.0000, users=0.10),
    )
