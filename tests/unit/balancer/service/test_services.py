"""The services as they are built: who may change N, and when."""

from __future__ import annotations

from dataclasses import replace

from balancer.core.autoscale import parse
from balancer.service.autoscaler import Autoscaler
from balancer.service.services import Services
from tests.polling import until
from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.balancer.rolling import NEW

SCALING = parse({"min": 4, "max": 5, "in_flight": 4, "up_after": 1, "down_after": 10})


class Scaled:
    """A balancer whose options have autoscaling; it begins with three servers, where four is the least."""

    def __init__(self) -> None:
        self.balancer = InMemoryBalancer()
        options = replace(self.balancer.options, autoscaling=SCALING)
        self.services = Services(self.balancer.ports, options)
        self.autoscaler: Autoscaler = self.services.autoscaler  # type: ignore[assignment]

    def steps(self) -> None:
        for _ in range(3):
            self.services.reconciler.step()
            self.services.release_image.see_to_it()
            until(lambda: not self.services.workers.claims.instances, "nobody has a claim", within=5, pause=0.0005)

    def readings(self) -> int:
        """N after readings of three seconds."""
        for _ in range(6):
            self.balancer.clock.sleep(0.5)
            self.autoscaler.measure()
            until(lambda: not self.autoscaler.is_changing, "the change has ended", within=5, pause=0.0005)
        return self.services.desired.fleet.target


def test_without_autoscaling_nobody_scales() -> None:
    assert InMemoryBalancer().services.autoscaler is None


def test_n_is_not_changed_before_the_first_fleet_serves() -> None:
    scaled = Scaled()
    assert scaled.readings() == 0
    scaled.steps()
    assert scaled.readings() == 4


def test_n_is_not_changed_while_a_deploy_runs() -> None:
    scaled = Scaled()
    scaled.steps()
    scaled.services.rollout.begin(NEW)
    scaled.services.rollout.carry_out_surge()
    assert scaled.readings() == 3
