"""The desired fleet: its servers, their number N, and the slot table. Every change returns a new value."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from balancer.core.deploy import Deploy
from balancer.core.errors import InvalidRequest
from balancer.core.heartbeat import Heartbeat
from balancer.core.lifecycle import State, Trigger, after
from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies.strategy import table_of

COUNTED = (State.SERVING, State.SILENT)
"""The states of the N servers. No replacement is started for a silent one."""

ON_THE_RING = (*COUNTED, State.DOWN)

WARM = 16
"""The ramp of a server that has its whole weight. With slow start a server begins with the ramp 1."""

HEAVIEST = 256
"""The largest weight, the same as HAProxy's."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server of the fleet. `hostname` is what users call the server; a replacement has another hostname. `ring_id`
    is the server's integer on the ring, never given twice in a deployment. `address` is "ip:port", or empty while the
    server has none. `weight` 0 … HEAVIEST: its share is proportional to it. `ramp` 1 … WARM: how many sixteenths of the
    weight count now. `release`: the number of the release that its container is made of. `rolled`: the server took over
    hostname, ring id and weight from another container. `generation`: an integer that the containers of one ring id do
    not share."""

    hostname: str
    ring_id: int
    state: State
    address: str = ""
    weight: int = 1
    ramp: int = WARM
    release: int = 1
    rolled: bool = False
    generation: int = 1

    @property
    def identity(self) -> tuple[int, int]:
        """Ring id and generation. No two containers of a deployment share both."""
        return self.ring_id, self.generation

    @property
    def instance(self) -> str:
        """The lasting name of the server's container: the hostname, plus ".GENERATION" where a roll made the container.
        No hostname has a dot."""
        return f"{self.hostname}.{self.generation}" if self.rolled else self.hostname

    @property
    def effective_weight(self) -> int:
        """Weight times ramp, as the strategy sees it; only ratios count."""
        return self.weight * self.ramp

    def on(self, trigger: Trigger) -> Server:
        return replace(self, state=after(self.state, trigger))


@dataclass(frozen=True, slots=True)
class Fleet:
    """`servers` are in the order of joining. `target` is N, the number of servers to keep alive. `next_ring_id` is the
    ring id of the next server.

    `profile` is the present ring profile. `configured` is the profile that the settings named when they were last
    obeyed, so that a profile switched at run time outlives a restart. `version` grows with every change of table or
    profile. New servers are made of `release`. `configured_release` is the release that the settings named when they
    were last obeyed. `deploy` is the latest deploy. `releases`: other releases that servers are made of. `generation`:
    of the containers that a deploy makes now; it grows when a deploy begins or turns round.
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
    releases: tuple[Release, ...] = ()
    generation: int = 1

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
        """The hostnames of the N servers, in the order of joining. Silent ones are among them."""
        return tuple(server.hostname for server in self.of(*COUNTED))

    def server(self, instance: str) -> Server:
        return next(server for server in self.servers if server.instance == instance)

    @property
    def known_releases(self) -> tuple[Release, ...]:
        """Every release that the fleet knows, each number once."""
        wished = () if self.deploy is None else (self.deploy.release,)
        return tuple({release.number: release for release in (*self.releases, *wished, self.release)}.values())

    def release_of(self, server: Server) -> Release:
        """The release that the server's container is made of; the present one where the server's is not known."""
        if server.release == self.release.number:
            return self.release
        known = (release for release in self.known_releases if release.number == server.release)
        return next(known, self.release)

    def heartbeat_of(self, server: Server) -> Heartbeat:
        """How the server is asked whether it is well."""
        return self.release_of(server).heartbeat

    def remembering(self) -> Fleet:
        """The fleet with exactly those other releases that its servers are made of."""
        present = {self.release.number, self.deploy.release.number if self.deploy else 0}
        used = {server.release for server in self.servers} - present
        return replace(self, releases=tuple(release for release in self.known_releases if release.number in used))

    def serving(self, hostnames: Collection[str]) -> tuple[Server, ...]:
        """The serving and silent servers of these hostnames."""
        return tuple(server for server in self.of(*COUNTED) if server.hostname in hostnames)

    @classmethod
    def first(cls, hostnames: Sequence[str], profile: RingProfile, release: Release | None = None) -> Fleet:
        """The fleet of a new deployment: all servers are joining, none is started yet."""
        return replace(cls.empty(profile, release).begin_join(hostnames), target=len(hostnames))

    @property
    def is_first(self) -> bool:
        """Whether the first servers of a new deployment are still starting. Where a start fails, all of them start
        again with the same hostnames and ring ids, until all serve."""
        return self.target > 0 and len(self.of(State.JOINING)) == len(self.servers) == self.target

    def begin_join(self, hostnames: Sequence[str], *, weight: int = 1, ramp: int = WARM) -> Fleet:
        """New servers with these hostnames begin to join. They get the next ring ids, in the order of `hostnames`."""
        newcomers = tuple(
            Server(
                hostname, self.next_ring_id + i, State.JOINING, weight=weight, ramp=ramp, release=self.release.number
            )
            for i, hostname in enumerate(hostnames)
        )
        return replace(self, servers=self.servers + newcomers, next_ring_id=self.next_ring_id + len(hostnames))

    def grow(self, addresses: Mapping[str, str]) -> Fleet:
        """The joining servers of `addresses` (instance → address) serve from now on, and N grows by their number."""
        larger = replace(self, target=self.target + len(addresses)).moved(addresses)
        return larger._serve({server.instance: server for server in larger.servers if server.instance in addresses})

    def fill(self, addresses: Mapping[str, str], *, ramp: int = WARM) -> Fleet:
        """The joining servers of `addresses` (instance → address) take the places of servers that are down; N stays.
        Joining servers beyond N become spares."""
        short = max(0, self.target - len(self.of(*COUNTED)))
        needed = list(addresses)[:short]
        spared = addresses.keys() - set(needed)
        return self.moved(addresses)._on(Trigger.SPARED, spared)._in_place(needed, Trigger.READY, ramp)

    def promoted(self, spares: Collection[str], *, ramp: int = WARM) -> Fleet:
        """Spares, given by instance, take the places of servers that are down."""
        return self._in_place(spares, Trigger.PROMOTED, ramp) if spares else self

    def _in_place(self, instances: Collection[str], trigger: Trigger, ramp: int) -> Fleet:
        """The servers of these instances serve. Each takes the weight of a server that is down, and begins with
        `ramp`."""
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
        """Servers that are down leave the ring, oldest first, as long as more than N servers are on it."""
        surplus = len(self.of(*ON_THE_RING)) - self.target
        return self._on(Trigger.REPLACED, self.instances(State.DOWN)[: max(0, surplus)])

    def fail(self, instances: Collection[str]) -> Fleet:
        """Serving and silent servers go down: their slots walk on, and the table stays as it is until the servers are
        replaced. Spares that fail are forgotten."""
        return self._on(Trigger.FAILED, instances)

    def silenced(self, instances: Collection[str]) -> Fleet:
        """Serving servers miss their heartbeats: their slots walk on, and the table stays as it is."""
        return self._on(Trigger.SILENCED, instances)

    def answered(self, instances: Collection[str]) -> Fleet:
        """Silent servers get requests again."""
        return self._on(Trigger.ANSWERED, instances)

    def abandon(self, instances: Collection[str]) -> Fleet:
        """Joining servers that did not become ready are forgotten."""
        return self._on(Trigger.FAILED, instances)

    def dismiss(self, spares: Collection[str]) -> Fleet:
        """Spares that are not needed are forgotten."""
        return self._on(Trigger.DISMISSED, spares)

    def begin_leave(self, instances: Collection[str]) -> Fleet:
        """Serving and silent servers leave the ring for good, and N shrinks by their number."""
        smaller = replace(self, target=self.target - len(instances))._on(Trigger.REMOVED, instances)
        return smaller._without_replaced().placed()

    def stopped(self, instances: Collection[str]) -> Fleet:
        """Leaving servers whose containers are removed are forgotten."""
        return self._on(Trigger.STOPPED, instances)

    def moved(self, addresses: Mapping[str, str]) -> Fleet:
        """The servers of `addresses` (instance → address) have these addresses from now on."""
        return replace(
            self,
            servers=tuple(
                replace(server, address=addresses.get(server.instance, server.address)) for server in self.servers
            ),
        )

    def weighed(self, hostname: str, weight: int) -> Fleet:
        """The server of this hostname has another weight. Raises InvalidRequest where the strategy has no weights."""
        if not self.profile.strategy.weighted:
            raise InvalidRequest(f"weight: the strategy {self.profile.strategy.name} knows no weights")
        servers = tuple(
            replace(server, weight=weight) if server.hostname == hostname else server for server in self.servers
        )
        return replace(self, servers=servers).placed()

    def with_ramps(self, ramps: Mapping[int, int]) -> Fleet:
        """The servers of `ramps` (ring id → ramp) have these ramps from now on."""
        servers = tuple(replace(server, ramp=ramps.get(server.ring_id, server.ramp)) for server in self.servers)
        return replace(self, servers=servers).placed()

    def switched(self, profile: RingProfile) -> Fleet:
        """The same servers under another ring profile. Raises InvalidRequest where the profile cannot place them."""
        if profile == self.profile:
            return self
        return replace(self, profile=profile, version=self.version + 1).placed()

    def configured_as(self, profile: RingProfile) -> Fleet:
        """The settings' profile takes effect where the settings name another one than before. Raises as `switched`."""
        if profile == self.configured:
            return self
        return replace(self.switched(profile), configured=profile)

    def members(self) -> list[Member]:
        """The servers on the ring as the strategy sees them. For a strategy without weights, ramps are left out."""
        weighted = self.profile.strategy.weighted
        return [
            Member(server.ring_id, server.effective_weight if weighted else server.weight)
            for server in self.servers
            if server.state in ON_THE_RING
        ]

    def placed(self) -> Fleet:
        """The fleet with the strategy's table for the servers on the ring. For the same servers no slot moves.

        Raises InvalidRequest where the strategy cannot place the servers, or all of them have the weight 0.
        """
        members = self.members()
        if members and not any(member.weight for member in members):
            raise InvalidRequest("weight: one server at least has to keep a weight above 0")
        table = table_of(self.profile.strategy, tuple(members), self.table)
        return self if table == self.table else replace(self, table=table, version=self.version + 1)

    def _on(self, trigger: Trigger, instances: Collection[str]) -> Fleet:
        servers = (server.on(trigger) if server.instance in instances else server for server in self.servers)
        return replace(self, servers=tuple(server for server in servers if server.state is not State.GONE))
