#!/bin/sh
# What Terraform has to ask the engine around a deployment's life. Everything comes in as environment variables:
# RINGMASTER_DEPLOYMENT, RINGMASTER_DOCKER_HOST ("default": the environment decides), for reap RINGMASTER_NETWORK, for
# limit RINGMASTER_CONTAINERS, RINGMASTER_MEMORY (such as 512m) and RINGMASTER_PIDS, for claim RINGMASTER_CONTAINERS, RINGMASTER_VOLUMES and RINGMASTER_NETWORKS, for claim_volumes RINGMASTER_VOLUMES, for keep RINGMASTER_IMAGES (the names to be built), for sweep RINGMASTER_IMAGES
# (the names that the deployment has now) and RINGMASTER_BALANCER, for sweep and discard RINGMASTER_REPOSITORIES (names without tags), for
# pull RINGMASTER_IMAGES, RINGMASTER_PULL_TIMEOUT (seconds) and RINGMASTER_REGISTRY_CONFIG (a Docker config.json, or nothing).
# Where there may be several, blanks stand between them. For claim and reap RINGMASTER_RUNTIME is swarm where the deployment is on Docker Swarm; then
# claim also wants RINGMASTER_SERVICES, halt RINGMASTER_ROLES, await RINGMASTER_SERVICES and RINGMASTER_WAIT (seconds).
#
#   claim     fail if the deployment's name or one of its names is in use on the engine
#   claim_volumes   fail if a volume of one of these names is on the engine, and not the deployment's
#   pull      pull the images that the engine does not have, with the engine's own reason where it cannot
#   keep      give what the engine has under a name that is to be built another name, by its content
#   limit     give containers a limit of memory, without swap, and of processes
#   sweep     remove the deployment's images of earlier builds that no container and no saved release needs
#   reap      remove the deployment's containers that Terraform does not know
#   discard   remove the deployment's images
#   await     wait until services run on all nodes that they are meant for
#   halt      stop the services of roles on all nodes, one role after the other, and keep the services
set -eu

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# The engine that the provider talks to, by the provider's rules: DOCKER_CONTEXT, else its docker_host, else DOCKER_HOST, else
# the local socket. (By itself the docker command would prefer DOCKER_HOST, and knows a default context too.)
choose_engine() {
    if [ -n "${DOCKER_CONTEXT:-}" ]; then
        unset DOCKER_HOST
    elif [ "$RINGMASTER_DOCKER_HOST" != default ]; then
        export DOCKER_HOST="$RINGMASTER_DOCKER_HOST"
    else
        export DOCKER_HOST="${DOCKER_HOST:-unix:///var/run/docker.sock}"
    fi
    command -v docker >/dev/null || fail "The docker command is missing on this machine: install it (Debian: docker-cli), then try again."
}

# refuse_if_any WHAT COMMAND…: WHAT is in use if COMMAND prints anything.
refuse_if_any() {
    what=$1
    shift
    found=$("$@")
    [ -z "$found" ] || fail "$what is on the engine already, and not this Terraform state's." \
        "Choose another deployment and name_prefix, or remove what is there (see: docker ps -a --filter label=ringmaster.deployment)."
}

claim() {
    [ "$runtime" != swarm ] || claim_swarm
    refuse_if_any "A container of the deployment '$RINGMASTER_DEPLOYMENT'" docker container ls --all --quiet --filter "$ours" --filter "$with_role" --filter "$has_name"
    refuse_if_any "A network of the deployment '$RINGMASTER_DEPLOYMENT'" docker network ls --quiet --filter "$ours"
    refuse_if_any "A volume of the deployment '$RINGMASTER_DEPLOYMENT'" docker volume ls --quiet --filter "$ours"
    for name in $RINGMASTER_CONTAINERS; do
        refuse_if_any "A container named $name" docker container ls --all --quiet --filter "name=^$name\$"
    done
    for name in $RINGMASTER_VOLUMES; do
        refuse_if_any "A volume named $name" docker volume ls --quiet --filter "name=^$name\$"
    done
    for name in $RINGMASTER_NETWORKS; do
        refuse_if_any "A network named $name" docker network ls --quiet --filter "name=^$name\$"
    done
}

# The names may change after claim.
claim_volumes() {
    for name in $RINGMASTER_VOLUMES; do
        # The engine's filter is a pattern, in which a dot is any letter.
        found=$(docker volume ls --quiet --filter "name=^$name\$")
        printf '%s\n' "$found" | grep -Fxq -- "$name" || continue
        owner=$(docker volume inspect --format '{{index .Labels "ringmaster.deployment"}}' "$name")
        [ "$owner" = "$RINGMASTER_DEPLOYMENT" ] || fail "A volume named $name is somebody else's: choose another of volume_names."
    done
}

claim_swarm() {
    [ "$(docker info --format '{{.Swarm.ControlAvailable}}')" = true ] ||
        fail "The engine is no manager of a Docker Swarm: run \`docker swarm init\` on it, or name a manager in docker_host."
    for kind in service secret config; do
        refuse_if_any "A $kind of the deployment '$RINGMASTER_DEPLOYMENT'" docker "$kind" ls --quiet --filter "$ours"
    done
    for name in $RINGMASTER_SERVICES; do
        refuse_if_any "A service named $name" named_service "$name"
    done
}

# The engine's filter by name finds whatever begins with it.
named_service() {
    docker service ls --format '{{.Name}}' | grep -Fx -- "$1" || true
}

# A container may be on its way out already, and a balancer that Terraform lost makes new servers until it is gone itself:
# asked again until nothing is left.
remove_containers() {
    tries=60
    while left=$(docker container ls --all --quiet --no-trunc --filter "$ours" --filter "$with_role" --filter "$has_name"); do
        [ -n "$left" ] || return 0
        [ "$tries" -gt 0 ] || fail "These containers of '$RINGMASTER_DEPLOYMENT' cannot be removed:" "$left" \
            "Remove them by hand (docker rm -f), then try again."
        tries=$((tries - 1))
        # shellcheck disable=SC2086 # one id a word
        docker container rm --force --volumes $left >/dev/null || sleep 1
    done
    fail "The engine did not say which containers of '$RINGMASTER_DEPLOYMENT' are left."
}

# Whatever else somebody attached would keep the network from being removed. It stays, off the network.
empty_network() {
    docker network inspect --format '{{range .Containers}}{{.Name}} {{end}}' "$RINGMASTER_NETWORK" 2>/dev/null |
        tr ' ' '\n' | while read -r name; do
        [ -z "$name" ] || docker network disconnect --force "$RINGMASTER_NETWORK" "$name"
    done
}

reap() {
    if [ "$runtime" = swarm ]; then
        reap_swarm
    else
        remove_containers
        empty_network
    fi
}

# Tasks whose containers are not gone, on nodes that answer: what is on another one goes when it is back. A task keeps the labels of a
# service that is removed.
tasks() {
    # shellcheck disable=SC2046 # one id a word
    docker node ps --no-trunc --format '{{.ID}} {{.Node}} {{.Name}} {{.CurrentState}}' "$@" \
        $(docker node ls --format '{{.ID}} {{.Status}}' | sed -n 's/ Ready$//p') |
        grep -Ev ' (Shutdown|Complete|Failed|Rejected|Orphaned)( |$)' | sort -u
}

# A balancer that is on its way out may have asked for one more server: asked again until nothing is left.
reap_swarm() {
    tries=180
    while true; do
        services=$(docker service ls --quiet --filter "$ours")
        # shellcheck disable=SC2086 # one id a word
        [ -z "$services" ] || docker service rm $services >/dev/null || true
        left=$(tasks --filter "$ours")
        [ -n "$services$left" ] || break
        [ "$tries" -gt 0 ] || fail "These containers of '$RINGMASTER_DEPLOYMENT' do not go:" "$left" "See what their nodes do, then try again."
        tries=$((tries - 1))
        sleep 1
    done
    remove_containers
    remove_volumes
    forget_state
}

# Of this engine: a service's volumes are made by each node's, and kept.
remove_volumes() {
    volumes=$(docker volume ls --quiet --filter "$ours")
    # shellcheck disable=SC2086 # one name a word
    [ -z "$volumes" ] || docker volume rm $volumes >/dev/null
}

forget_state() {
    configs=$(docker config ls --quiet --filter "$ours" --filter label=ringmaster.role=state)
    # shellcheck disable=SC2086 # one id a word
    [ -z "$configs" ] || docker config rm $configs >/dev/null
}

# Where no node fits its constraints a service has no containers.
halt() {
    for role in $RINGMASTER_ROLES; do
        for service in $(docker service ls --quiet --filter "$ours" --filter "label=ringmaster.role=$role"); do
            docker service update --detach --quiet --constraint-add node.labels.ringmaster.halted==true "$service" >/dev/null
        done
        tries=180
        while left=$(tasks --filter "$ours" --filter "label=ringmaster.role=$role") && [ -n "$left" ]; do
            [ "$tries" -gt 0 ] || fail "These containers of '$RINGMASTER_DEPLOYMENT' do not stop:" "$left" "See what their nodes do, then try again."
            tries=$((tries - 1))
            sleep 1
        done
    done
}

# An update goes from node to node, and has the time for each.
await() {
    end=$(($(date +%s) + RINGMASTER_WAIT))
    seen=""
    for name in $RINGMASTER_SERVICES; do
        until is_running "$name"; do
            now=$(date +%s)
            [ "$now" -lt "$end" ] || gave_up "$name does not run on all nodes within $RINGMASTER_WAIT s."
            if [ "$seen" != "$running $update" ]; then
                seen="$running $update"
                case $update in updating:*) end=$((now + RINGMASTER_WAIT)) ;; esac
            fi
            sleep 1
        done
    done
}

# Whether the service is on all its nodes, as Swarm says it of what is healthy: 3/3.
is_running() {
    update=$(docker service inspect --format '{{with .UpdateStatus}}{{.State}}: {{.Message}}{{end}}' "$1")
    # Several services may have names that begin alike.
    running=$(docker service ls --format '{{.Name}} {{.Replicas}}' | sed -n "s/^$1 \([0-9/]*\).*/\1/p")
    case $update in
    paused:*) gave_up "The update of $1 stopped, and the other nodes run what they ran before: ${update#paused: }." ;;
    updating:*) return 1 ;;
    esac
    [ "${running%/*}" = "${running#*/}" ] && [ "${running%/*}" != 0 ]
}

gave_up() {
    docker service ps --no-trunc --format '{{.Node}}: {{.CurrentState}} {{.Error}}' "$name" | head -n 10 >&2
    timeout 10 docker service logs --tail 10 "$name" >&2 2>&1 || true
    fail "$1 What it last said stands above." "After mending it, apply again."
}

# The tags that Terraform and keep give; and latest, from when there were no others. A user's own images are nobody's business here: one that
# is built from ours inherits the label.
our_tags() {
    for repository in $RINGMASTER_REPOSITORIES; do
        docker image ls --filter "reference=$repository" --filter "$ours" --format '{{.Repository}}:{{.Tag}}'
    done | grep -E ':([0-9a-f]{12}(-[0-9a-f]{12})?|latest)$' || true
}

# By itself the provider says no more than that it could not.
pull() {
    if [ -n "$RINGMASTER_REGISTRY_CONFIG" ]; then
        # Contexts lie beside the user's own credentials, which are left out of it from here on.
        [ -z "${DOCKER_CONTEXT:-}" ] || DOCKER_HOST=$(docker context inspect --format '{{.Endpoints.docker.Host}}' "$DOCKER_CONTEXT")
        unset DOCKER_CONTEXT
        DOCKER_CONFIG=${RINGMASTER_REGISTRY_CONFIG%/*}
        export DOCKER_CONFIG DOCKER_HOST
    fi
    # Without that command (macOS) the engine's own patience has to do.
    command -v timeout >/dev/null || timeout() { shift && "$@"; }
    for name in $RINGMASTER_IMAGES; do
        ! docker image inspect "$name" >/dev/null 2>&1 || continue
        code=0
        timeout "$RINGMASTER_PULL_TIMEOUT" docker pull "$name" || code=$?
        [ "$code" != 124 ] || fail "$name was not pulled within $RINGMASTER_PULL_TIMEOUT s: see what the registry does, or raise pull_timeout."
        [ "$code" = 0 ] || fail "$name cannot be pulled, and the engine's reason stands above. A private registry wants registry_config."
    done
}

keep() {
    for name in $RINGMASTER_IMAGES; do
        id=$(docker image inspect --format '{{.Id}}' "$name" 2>/dev/null) || continue
        content=${id#sha256:}
        docker image tag "$id" "$name-${content%"${content#????????????}"}"
    done
}

limit() {
    for container in $RINGMASTER_CONTAINERS; do
        docker container update --memory "$RINGMASTER_MEMORY" --memory-swap "$RINGMASTER_MEMORY" --pids-limit "$RINGMASTER_PIDS" "$container"
    done
}

# Whether the balancer's state names the image: a release that servers may have to go back to, though none of them runs just now. A
# second name of what has a present one is needed by nobody.
is_needed() {
    id=$(docker image inspect --format '{{.Id}}' "$1") || return 0
    case " $present " in *" $id "*) return 1 ;; esac
    case $saved in *"$1"* | *"$id"*) return 0 ;; *) return 1 ;; esac
}

# Not `docker image prune`, of which an engine runs one at a time and refuses the second: another deployment's may be running.
sweep() {
    if ! saved=$(docker exec "$RINGMASTER_BALANCER" sh -c 'cat /var/lib/ringmaster/fleet.json*'); then
        echo "Old images are kept, because the balancer's state does not say which of them it needs."
        return
    fi
    # shellcheck disable=SC2086 # one name a word
    present=$(docker image inspect --format '{{.Id}}' $RINGMASTER_IMAGES | tr '\n' ' ')
    our_tags | while read -r image; do
        case " $RINGMASTER_IMAGES " in *" $image "*) continue ;; esac
        ! is_needed "$image" || continue
        # Without --force the engine refuses what a container uses.
        docker image rm "$image" >/dev/null 2>&1 || echo "Kept, because it is in use: $image"
    done
}

discard() {
    our_tags | while read -r image; do
        docker image rm --force "$image" >/dev/null
    done
}

choose_engine
ours="label=ringmaster.deployment=$RINGMASTER_DEPLOYMENT"
# A container inherits its image's labels, but no image of ours has this one.
with_role=label=ringmaster.role
# The engine may go on listing a container that it has removed, without a name, until it starts again (moby 38835).
has_name=name=.
runtime=${RINGMASTER_RUNTIME:-engine}
case ${1:-} in
claim | claim_volumes | pull | keep | limit | sweep | reap | discard | await | halt) "$1" ;;
*) fail "usage: $0 claim|claim_volumes|pull|keep|limit|sweep|reap|discard|await|halt" ;;
esac
