"""The desired fleet: its servers, how many there shall be, and the slot table. Every change gives a new value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from balancer.core.deploy import Deploy
from balancer.core.errors import InvalidRequest
from balancer.core.lifecycle import State, Trigger, after
from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile
from balancer.core.slot_table import Member, SlotTable

ON_THE_RING = (State.SERVING, State.DOWN)

WARM = 16
"""The ramp of a server that bears its whole weight; one that starts slowly begins at 1."""

HEAVIEST = 256
"""The largest weight, as HAProxy's."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server of the fleet. Its `hostname` is what users call it; a replacement has another one. `ring_id` is its
    integer on the ring, never given twice in a deployment. `address` is "ip:port", empty before it has one. `weight`
    0 … HEAVIEST is its share beside the others'; `ramp` 1 … WARM says how many sixteenths of the weight count yet.
    `release` is the number of the release that its container is made of. A `rolled` server took over hostname, ring id
    and weight from a container of an older release."""

    hostname: str
    ring_id: int
    state: State
    address: str = ""
    weight: int = 1
    ramp: int = WARM
    release: int = 1
    rolled: bool = False

    @property
    def identity(self) -> tuple[int, int]:
        """Ring id and release: no two containers of a deployment ever share both."""
        return self.ring_id, self.release

    @property
    def instance(self) -> str:
        """The name of its container for the balancer: the hostname, and where a roll made the container a dot and the
        number of the release. No hostname has a dot."""
        return f"{self.hostname}.{self.release}" if self.rolled else self.hostname

    @property
    def effective_weight(self) -> int:
        """Its weight as the ring sees it now; only ratios count."""
        return self.weight * self.ramp

    def on(self, trigger: Trigger) -> Server:
        return replace(self, state=after(self.state, trigger))


@dataclass(frozen=True, slots=True)
class Fleet:
    """`servers` in the order of joining; `target` is N, the number to keep alive; ring ids are never given twice.

    `profile` is the ring's; `configured` the one that the settings named when they were last obeyed, so that a profile
    switched at run time outlives a restart. `version` grows with every change of table or profile. `release` is what
    new servers are made of, `configured_release` what the settings named; `deploy` is the latest change of it.
    """

    servers: tuple[Server, ...]
    target: int
    next_ring_id: int
    table: SlotTable
    profile: RingProfile
    configured: RingProfile
    version: int = 1
    release: Release = Release()
    configured_release: Release = Release()
    deploy: Deploy | None = None

    @classmethod
    def empty(cls, profile: RingProfile, release: Release | None = None) -> Fleet:
        release = release or Release()
        table = SlotTable.empty(profile.slots)
        return cls((), 0, 1, table, profile, profile, release=release, configured_release=release)

    def of(self, *states: State) -> tuple[Server, ...]:
        """The servers in these states, in the order of joining."""
        return tuple(server for server in self.servers if server.state in states)

    def instances(self, *states: State) -> tuple[str, ...]:
        return tuple(server.instance for server in self.of(*states))

    @property
    def replicas(self) -> tuple[str, ...]:
        """The hostnames of the servers that answer requests, in the order of joining."""
        return tuple(server.hostname for server in self.of(State.SERVING))

    def server(self, instance: str) -> Server:
        return next(server for server in self.servers if server.instance == instance)

    def serving(self, hostnames: Collection[str]) -> tuple[Server, ...]:
        """The serving servers of these hostnames."""
        return tuple(server for server in self.of(State.SERVING) if server.hostname in hostnames)

    @classmethod
    def first(cls, hostnames: Sequence[str], profile: RingProfile, release: Release | None = None) -> Fleet:
        """A new deployment's fleet, nothing of it started yet."""
        return replace(cls.empty(profile, release).begin_join(hostnames), target=len(hostnames))

    @property
    def is_first(self) -> bool:
        """Whether the first servers of a new deployment are still starting. What fails is tried again with the same
        hostnames and ring ids until all of them serve."""
        return self.target > 0 and len(self.of(State.JOINING)) == len(self.servers) == self.target

    def begin_join(self, hostnames: Sequence[str], *, weight: int = 1, ramp: int = WARM) -> Fleet:
        """New servers get the next ring ids, in the order of their hostnames here."""
        newcomers = tuple(
            Server(
                hostname, self.next_ring_id + i, State.JOINING, weight=weight, ramp=ramp, release=self.release.number
            )
            for i, hostname in enumerate(hostnames)
        )
        return replace(self, servers=self.servers + newcomers, next_ring_id=self.next_ring_id + len(hostnames))

    def grow(self, addresses: Mapping[str, str]) -> Fleet:
        """The joining servers of `addresses` (by instance) serve from now on, and N is as much larger."""
        larger = replace(self, target=self.target + len(addresses)).moved(addresses)
        return larger._serve({server.instance: server for server in larger.servers if server.instance in addresses})

    def fill(self, addresses: Mapping[str, str], *, ramp: int = WARM) -> Fleet:
        """The joining servers of `addresses` (by instance) take the places of servers that are down; N stays. Those
        that are not needed any more become spares."""
        short = max(0, self.target - len(self.of(State.SERVING)))
        needed = list(addresses)[:short]
        spared = addresses.keys() - set(needed)
        return self.moved(addresses)._on(Trigger.SPARED, spared)._in_place(needed, Trigger.READY, ramp)

    def promoted(self, spares: Collection[str], *, ramp: int = WARM) -> Fleet:
        """Spares (by instance) take the places of servers that are down."""
        return self._in_place(spares, Trigger.PROMOTED, ramp) if spares else self

    def _in_place(self, instances: Collection[str], trigger: Trigger, ramp: int) -> Fleet:
        """Each takes the weight of a server that is down and begins with `ramp`."""
        weights = dict(zip(instances, (server.weight for server in self.of(State.DOWN)), strict=False))
        return self._serve(
            {
                server.instance: replace(server, weight=weights.get(server.instance, server.weight), ramp=ramp)
                for server in self.servers
                if server.instance in instances
            },
            trigger,
        )

    def _serve(self, newcomers: Mapping[str, Server], trigger: Trigger = Trigger.READY) -> Fleet:
        present = tuple(server for server in self.servers if server.instance not in newcomers)
        joined = tuple(server.on(trigger) for server in newcomers.values())
        return replace(self, servers=(*present, *joined))._without_replaced().placed()

    def _without_replaced(self) -> Fleet:
        """Servers that are down leave the ring, the longest there first, as far as others fill N."""
        surplus = len(self.of(*ON_THE_RING)) - self.target
        return self._on(Trigger.REPLACED, self.instances(State.DOWN)[: max(0, surplus)])

    def fail(self, instances: Collection[str]) -> Fleet:
        """Serving servers go down: their slots walk on, the table stays as it is until they are replaced. Spares that
        fail are forgotten."""
        return self._on(Trigger.FAILED, instances)

    def abandon(self, instances: Collection[str]) -> Fleet:
        """Joining servers that did not make it are forgotten."""
        return self._on(Trigger.FAILED, instances)

    def dismiss(self, spares: Collection[str]) -> Fleet:
        """Spares that nobody will need are forgotten."""
        return self._on(Trigger.DISMISSED, spares)

    def begin_leave(self, instances: Collection[str]) -> Fleet:
        """Serving servers leave the ring for good and N is as much smaller."""
        smaller = replace(self, target=self.target - len(instances))._on(Trigger.REMOVED, instances)
        return smaller._without_replaced().placed()

    def stopped(self, instances: Collection[str]) -> Fleet:
        """Leaving servers have ended."""
        return self._on(Trigger.STOPPED, instances)

    def moved(self, addresses: Mapping[str, str]) -> Fleet:
        """Servers (by instance) that answer at another address than before."""
        return replace(
            self,
            servers=tuple(
                replace(server, address=addresses.get(server.instance, server.address)) for server in self.servers
            ),
        )

    def weighed(self, hostname: str, weight: int) -> Fleet:
        """A server on the ring has another weight. Raises InvalidRequest where the strategy knows none."""
        if not self.profile.strategy.weighted:
            raise InvalidRequest(f"weight: the strategy {self.profile.strategy.name} knows no weights")
        servers = tuple(
            replace(server, weight=weight) if server.hostname == hostname else server for server in self.servers
        )
        return replace(self, servers=servers).placed()

    def warmed(self, ramps: Mapping[int, int]) -> Fleet:
        """Servers (ring id → ramp) bear more of their weight than before."""
        servers = tuple(replace(server, ramp=ramps.get(server.ring_id, server.ramp)) for server in self.servers)
        return replace(self, servers=servers).placed()

    def switched(self, profile: RingProfile) -> Fleet:
        """The same servers under another ring profile. Raises InvalidRequest where it has no place for them."""
        if profile == self.profile:
            return self
        return replace(self, profile=profile, version=self.version + 1).placed()

    def configured_as(self, profile: RingProfile) -> Fleet:
        """Obeys the settings' profile where they name another one than before; raises as `switched`."""
        if profile == self.configured:
            return self
        return replace(self.switched(profile), configured=profile)

    def members(self) -> list[Member]:
        """The servers on the ring as the strategy sees them: without ramps where it knows no weights."""
        weighted = self.profile.strategy.weighted
        return [
            Member(server.ring_id, server.effective_weight if weighted else server.weight)
            for server in self.servers
            if server.state in ON_THE_RING
        ]

    def placed(self) -> Fleet:
        """The table that the strategy gives the servers on the ring; nothing moves when they are the same.

        Raises InvalidRequest where the strategy has no place for them, or none of them may own a slot.
        """
        members = self.members()
        if members and not any(member.weight for member in members):
            raise InvalidRequest("weight: one server at least has to keep a weight above 0")
        table = self.profile.strategy.place(members, self.table)
        return self if table == self.table else replace(self, table=table, version=self.version + 1)

    def _on(self, trigger: Trigger, instances: Collection[str]) -> Fleet:
        servers = (server.on(trigger) if server.instance in instances else server for server in self.servers)
        return replace(self, servers=tuple(server for server in servers if server.state is not State.GONE))
