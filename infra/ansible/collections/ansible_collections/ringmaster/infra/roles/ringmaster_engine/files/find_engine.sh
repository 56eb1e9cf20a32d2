#!/bin/sh
# Which Docker engine this machine has, where none answers: nothing may be installed beside one or in place of one.
#
# Prints three lines: what is to be done about it, the engine's name, and (where a person has to do it) what.
#   start systemd|snap|dockerd   an engine of the whole system is there and stopped
#   ask                          an engine is there that is somebody's own to start, or is somewhere else
#   install                      there is none
# RINGMASTER_ENGINE_ROOT stands before every path that is looked at: tests build a machine there.
set -eu

root=${RINGMASTER_ENGINE_ROOT:-}
socket=${1:-/var/run/docker.sock}

answer() {
    printf '%s\n' "$1" "$2" "${3:-}"
    exit 0
}

# The first of these files that is there. Without IFS a blank in a path, such as that of a home, ends no word, and * and ? go on to match.
first() (
    IFS=
    for path in "$@"; do
        for found in "$root"$path; do
            [ ! -e "$found" ] || { printf '%s\n' "$found" && exit 0; }
        done
    done
    exit 1
)

# The first of these packages that is installed.
package() {
    for name in "$@"; do
        case $(dpkg-query --show --showformat '${db:Status-Abbrev}' "$name" 2>/dev/null) in [hi]i*) echo "$name" && return 0 ;; esac
        rpm --query --quiet "$name" 2>/dev/null && echo "$name" && return 0
    done
    return 1
}

# What docker was told to use goes before all that is installed.
chosen_elsewhere() {
    case ${DOCKER_HOST:-} in
    "" | "unix://$socket" | unix:///var/run/docker.sock | unix:///run/docker.sock) ;;
    *) answer ask "the engine that DOCKER_HOST=$DOCKER_HOST names" "Start it, or go back to this machine's own engine: unset DOCKER_HOST DOCKER_CONTEXT; docker context use default" ;;
    esac
    [ -z "${DOCKER_HOST:-}" ] || return 0
    context=${DOCKER_CONTEXT:-}
    configuration=${DOCKER_CONFIG:-${HOME:-/root}/.docker}/config.json
    [ -n "$context" ] || [ ! -r "$configuration" ] ||
        context=$(sed -n 's/.*"currentContext"[^"]*"\([^"]*\)".*/\1/p' "$configuration")
    case $context in
    "" | default) ;;
    *) answer ask "the engine of the current Docker context, $context" \
        "Start it, or go back to this machine's own engine: docker context use default (and without DOCKER_CONTEXT)." ;;
    esac
}

is_podman() {
    docker=$(command -v docker) || return 1
    case $(readlink -f "$docker") in *podman*) return 0 ;; esac
    head -c 1000 "$docker" 2>/dev/null | grep -qi podman
}

for_the_whole_system() {
    if unit=$(first /etc/systemd/system/docker.service /usr/lib/systemd/system/docker.service /lib/systemd/system/docker.service) &&
        [ -d "$root/run/systemd/system" ]; then
        answer "start systemd" "the service docker (${unit#"$root"})"
    fi
    if daemon=$(command -v dockerd || first /usr/bin/dockerd /usr/sbin/dockerd /usr/local/bin/dockerd /usr/local/sbin/dockerd /opt/bin/dockerd); then
        [ ! -d "$root/run/systemd/system" ] ||
            answer ask "$daemon, for which systemd has no service" "Start it the way it was installed."
        answer "start dockerd" "$daemon"
    fi
    if first '/var/lib/snapd/snaps/docker_*.snap' /snap/bin/docker >/dev/null; then
        command -v snap >/dev/null || answer ask "Docker's snap" "Bring back the command snap, then run: sudo snap start docker"
        answer "start snap" "Docker's snap"
    fi
}

of_somebody() {
    # While it does not run, its command in a Linux of Windows leads nowhere.
    if first /mnt/wsl/docker-desktop '/mnt/c/Program Files/Docker/Docker' >/dev/null; then
        answer ask "Docker Desktop of Windows" \
            "Start it on Windows, switch on this Linux under Settings, Resources, WSL integration, and try again."
    fi
    if package docker-desktop >/dev/null || first /opt/docker-desktop "${HOME:-/root}/.docker/desktop" >/dev/null; then
        answer ask "Docker Desktop" "Start it (systemctl --user start docker-desktop), and try again."
    fi
    if first "${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/docker.sock" "${HOME:-/root}/.config/systemd/user/docker.service" >/dev/null; then
        answer ask "a rootless Docker engine" \
            "Start it (systemctl --user start docker) and name its socket: export DOCKER_HOST=unix://${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/docker.sock"
    fi
}

leftovers() {
    if is_podman || package podman-docker >/dev/null; then
        answer ask "Podman, under the name docker (podman-docker)" "Ringmaster needs Docker's engine: remove podman-docker and try again, or name another host."
    fi
    if name=$(package docker-ce docker.io docker-engine docker-ee moby-engine docker); then
        answer ask "the package $name, without its dockerd" "Repair it (sudo apt-get install --reinstall $name, or what your system says), and try again."
    fi
    if first "$socket" >/dev/null; then
        answer ask "an engine behind $socket, which does not answer" "Start it, or remove that file where there is none any more."
    fi
}

chosen_elsewhere
for_the_whole_system
of_somebody
leftovers
answer install none
