"""Few users, suddenly all of them, then few again, to see what a rush leaves behind:

locust -f loadtests/locustfile.py,loadtests/shapes/spike.py -u 50 -r 50 -t 3m
"""

from loadtests.shapes.staged import StagedShape


class Spike(StagedShape):
    stages = ((0.4, 0.1), (0.6, 1.0), (1.0, 0.1))
