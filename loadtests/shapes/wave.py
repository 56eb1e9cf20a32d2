"""Two days, with a night between and after them, for whatever follows the load, such as autoscaling:

locust -f loadtests/locustfile.py,loadtests/shapes/wave.py -u 50 -t 10m
"""

import math

from loadtests.shapes.staged import StagedShape


class Wave(StagedShape):
    """Sixteenths of the time, along a sine between a tenth and all."""

    stages = tuple((n / 16, round(0.55 - 0.45 * math.cos(math.pi * n / 4), 2)) for n in range(1, 17))
