#!/bin/sh
# What Terraform has to ask the engine around a deployment's life. Everything comes in as environment variables:
# RINGMASTER_DEPLOYMENT, RINGMASTER_DOCKER_HOST ("default": the environment decides), for claim and reap RINGMASTER_NETWORK, for
# limit RINGMASTER_CONTAINERS, RINGMASTER_MEMORY (such as 512m) and RINGMASTER_PIDS, for claim RINGMASTER_CONTAINERS and RINGMASTER_VOLUMES, for keep RINGMASTER_IMAGES (the names to be built), for sweep RINGMASTER_IMAGES
# (the names that the deployment has now) and RINGMASTER_BALANCER, for sweep and discard RINGMASTER_REPOSITORIES (names without tags), for
# pull RINGMASTER_IMAGES, RINGMASTER_PULL_TIMEOUT (seconds) and RINGMASTER_REGISTRY_CONFIG (a Docker config.json, or nothing).
# Where there may be several, blanks stand between them.
#
#   claim     fail if the deployment's name or one of its names is in use on the engine
#   pull      pull the images that the engine does not have, with the engine's own reason where it cannot
#   keep      give what the engine has under a name that is to be built another name, by its content
#   limit     give containers a limit of memory, without swap, and of processes
#   sweep     remove the deployment's images of earlier builds that no container and no saved release needs
#   reap      remove the deployment's containers that Terraform does not know
#   discard   remove the deployment's images
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
    refuse_if_any "A container of the deployment '$RINGMASTER_DEPLOYMENT'" docker container ls --all --quiet --filter "$ours"
    refuse_if_any "A network of the deployment '$RINGMASTER_DEPLOYMENT'" docker network ls --quiet --filter "$ours"
    refuse_if_any "A volume of the deployment '$RINGMASTER_DEPLOYMENT'" docker volume ls --quiet --filter "$ours"
    for name in $RINGMASTER_CONTAINERS; do
        refuse_if_any "A container named $name" docker container ls --all --quiet --filter "name=^$name\$"
    done
    for name in $RINGMASTER_VOLUMES; do
        refuse_if_any "A volume named $name" docker volume ls --quiet --filter "name=^$name\$"
    done
    refuse_if_any "A network named $RINGMASTER_NETWORK" docker network ls --quiet --filter "name=^$RINGMASTER_NETWORK\$"
}

# A container may be on its way out already, and a balancer that Terraform lost makes new servers until it is gone itself:
# asked again until nothing is left.
remove_containers() {
    tries=60
    while left=$(docker container ls --all --quiet --no-trunc --filter "$ours"); do
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
    remove_containers
    empty_network
}

# The tags that Terraform and keep give; and latest, from when there were no others. A user's own tags are nobody's business here.
our_tags() {
    for repository in $RINGMASTER_REPOSITORIES; do
        docker image ls --filter "reference=$repository" --filter "$ours" --format '{{.Repository}}:{{.Tag}}'
    done | grep -E ':([0-9a-f]{12}(-[0-9a-f]{12})?|latest)$' || true
}

# From when a build took the name from the image before it.
nameless() {
    docker image ls --quiet --filter dangling=true --filter "$ours"
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
    { our_tags && nameless; } | while read -r image; do
        case " $RINGMASTER_IMAGES " in *" $image "*) continue ;; esac
        ! is_needed "$image" || continue
        # Without --force the engine refuses what a container uses.
        docker image rm "$image" >/dev/null 2>&1 || echo "Kept, because it is in use: $image"
    done
}

discard() {
    { our_tags && nameless; } | while read -r image; do
        docker image rm --force "$image" >/dev/null
    done
}

choose_engine
ours="label=ringmaster.deployment=$RINGMASTER_DEPLOYMENT"
case ${1:-} in
claim | pull | keep | limit | sweep | reap | discard) "$1" ;;
*) fail "usage: $0 claim|pull|keep|limit|sweep|reap|discard" ;;
esac
