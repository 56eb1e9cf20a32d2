"""Starts the keeper with the settings in its environment. It ends at SIGTERM."""

from __future__ import annotations

import logging.config
import os
import signal
from pathlib import Path

from balancer import settings
from balancer.adapters.container_spec import ServerSpec
from balancer.adapters.docker_engine import DockerEngine
from balancer.adapters.docker_images import DockerImages
from balancer.adapters.registry_config import RegistryConfig
from balancer.adapters.swarm.configs import SwarmConfigs
from balancer.adapters.swarm.runtime import SwarmRuntime
from balancer.core.errors import InvalidRequest
from balancer.core.policy import Policy
from balancer.logs import configuration
from balancer.settings import Settings
from keeper.server import KeeperServer
from keeper.verbs import Verbs


def main() -> None:
    mine = settings.each(os.environ)
    logging.config.dictConfig(configuration(mine.log_level))
    registry = RegistryConfig(Path(mine.registry_config) if mine.registry_config else None)
    try:
        registry.check()
    except InvalidRequest as error:  # A pull tells it, too, and the file may be mended by then.
        logging.getLogger("keeper").warning("no credentials", extra={"reason": str(error)})
    spec = ServerSpec(
        deployment=mine.deployment, name_prefix=mine.name_prefix, network=mine.network, port=mine.server_port
    )
    policy = mine.release_policy()
    verbs = _verbs(mine, spec, registry, policy)
    # At once: an interpreter that tidies up can wait for ever for a thread that is in a call.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    with KeeperServer(Path(mine.keeper_socket), verbs, most_calls=policy.servers + 32) as server:
        logging.getLogger("keeper").info("ready", extra={"policy": mine.policy, "servers": policy.servers})
        server.serve_forever()


def _verbs(mine: Settings, spec: ServerSpec, registry: RegistryConfig, policy: Policy) -> Verbs:
    images = DockerImages(registry)
    if mine.runtime == "swarm":
        return Verbs(
            runtime=SwarmRuntime(spec, mine.node_constraints, registry),
            local=None,
            images=images,
            policy=policy,
            revisions=SwarmConfigs(mine.deployment, mine.name_prefix),
        )
    engine = DockerEngine(spec)
    return Verbs(runtime=engine, local=engine, images=images, policy=policy)


if __name__ == "__main__":
    main()
