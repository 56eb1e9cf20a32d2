"""The edge of a single host as a DataPlane: from routes to files, and from files to the running HAProxy."""

from __future__ import annotations

from collections.abc import Mapping

from balancer.adapters.haproxy.config import EdgeOptions, edge_files
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.adapters.haproxy.edge_readings import EdgeReadings
from balancer.adapters.haproxy.running_edge import RunningEdge
from balancer.adapters.shared_look import SharedLook
from balancer.core.activity import Activity
from balancer.core.certificate import Certificate
from balancer.core.load import Load
from balancer.core.routes import Routes


class HaproxyEdge:
    """A DataPlane over the edge's container. Both share the directory of the options."""

    def __init__(self, options: EdgeOptions) -> None:
        self.running = RunningEdge(options.directory)
        self._readings = EdgeReadings(options.directory)
        self._options = options
        self._made: tuple[Routes, EdgeFiles] | None = None
        self._activity = SharedLook(self._readings.activity)

    def apply(self, routes: Routes) -> None:
        self.running.obey(self._files_of(routes))

    def write_first(self, routes: Routes) -> None:
        """Writes the files of these routes where the edge never had any: it starts as soon as it finds them."""
        if not self.running.is_configured:
            self.running.write(self._files_of(routes))

    def in_step(self, routes: Routes) -> bool:
        return self.running.obeys(self._files_of(routes))

    def activity(self) -> Mapping[str, Activity]:
        """All servers that drain ask at the same moments."""
        return self._activity()

    def close_idle(self, instance: str) -> None:
        self.running.close_idle(instance)

    def load(self) -> Load:
        return self._readings.load()

    def keyless(self) -> int:
        return self._readings.keyless()

    def certificates(self) -> tuple[Certificate, ...]:
        return self._readings.certificates() if self._options.tls else ()

    def _files_of(self, routes: Routes) -> EdgeFiles:
        """The files of the routes, made once for each Routes object: `in_step` is called every second."""
        if self._made is None or self._made[0] is not routes:
            self._made = routes, edge_files(self._options, routes)
        return self._made[1]
