"""More and more users, a fifth of them at a time, to find where answers begin to wait:

locust -f loadtests/locustfile.py,loadtests/shapes/steps.py -u 50 -t 5m
"""

from loadtests.shapes.staged import StagedShape


class Steps(StagedShape):
    stages = ((0.2, 0.2), (0.4, 0.4), (0.6, 0.6), (0.8, 0.8), (1.0, 1.0))
