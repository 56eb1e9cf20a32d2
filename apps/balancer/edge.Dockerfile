# The edge on Docker Swarm: the edge's own image, and the agent that makes it obey the balancer on another host.
ARG BASE_IMAGE=debian:trixie-slim
ARG EDGE_IMAGE

# The stages "python" and "packages" stand word for word in the server's and the balancer's Dockerfile:
# whichever is built second takes their layers from the cache.
FROM ${BASE_IMAGE} AS python
# Another text here, and the engine takes no layer from its cache: the packages are those that Debian has now.
ARG PACKAGES=""
RUN : "${PACKAGES}" && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get upgrade --yes \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends python3 \
    && apt-get clean && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 ringmaster \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ringmaster
ENV PYTHONPATH=/opt/packages:/opt/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

FROM python AS packages
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends python3-pip \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
# Wheels in the build context are all that is used, for hosts whose builds reach no index; without any, pip asks its index.
# The hashes are checked either way.
COPY requirements.txt wheels* /packages/
RUN set -- --requirement /packages/requirements.txt; \
    if ls /packages/*.whl >/dev/null 2>&1; then set -- "$@" --no-index --find-links /packages; fi; \
    PYTHONDONTWRITEBYTECODE= python3 -m pip install --no-cache-dir --root-user-action ignore \
    --only-binary :all: --require-hashes --target /opt/packages "$@"

# Clients of everybody reach this image, so it has no more of the packages than the agent imports.
FROM packages AS agent
RUN install --directory /opt/agent && cp --archive /opt/packages/xxhash* /opt/agent/
COPY src/balancer/ /opt/app/balancer/
COPY src/edge_agent/ /opt/app/edge_agent/
COPY swarm-edge /opt/bin/
# Compiled here, as in the balancer's image.
# Whatever umask the checkout was made with: the container's user is neither owner nor group.
RUN python3 -m compileall -q --invalidation-mode checked-hash /opt/app \
    && chmod --recursive a+rX /opt/app && chmod 0755 /opt/bin/swarm-edge

FROM ${EDGE_IMAGE}
USER root
ARG PACKAGES=""
RUN : "${PACKAGES}" && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends python3 \
    && apt-get clean && rm -rf /var/lib/apt/lists/* \
    && chmod 1777 /run/ringmaster
# On Swarm /run/ringmaster is a tmpfs, which belongs to root and takes its mode from here. The container has one user.
ENV PYTHONPATH=/opt/packages:/opt/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
COPY --from=agent /opt/agent /opt/packages
COPY --from=agent /opt/app /opt/app
COPY --from=agent /opt/bin /usr/local/bin
USER 10001:10001
# Swarm replaces an edge that is not healthy, and goes on to the next one when it is. So an edge is healthy when it serves,
# or when the balancer is there and has no configuration for it yet. One that waits for the balancer has nothing to lose.
# Swarm kills what is not healthy, and on a host with too much to do an edge that serves answers late: so there is time for that.
HEALTHCHECK --interval=3s --timeout=20s --start-period=120s --retries=4 \
    CMD HEALTHCHECK_SECONDS=15 healthcheck || { [ ! -s /run/ringmaster/haproxy.cfg ] && [ -S /run/ringmaster/control.sock ]; }
ENTRYPOINT ["swarm-edge"]
