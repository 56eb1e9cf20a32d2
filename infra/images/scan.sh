#!/bin/sh
# Asks Debian's archive, from inside each image of a running deployment, for security updates that the image lacks. Fails and lists them
# where there are any; where the archive cannot be reached it says so and does not fail.
#
#   scan.sh DEPLOYMENT
set -eu

deployment=${1:?usage: scan.sh DEPLOYMENT}
# What has no name any more is gone, though the engine may still list it.
images=$(docker container ls --all --quiet --filter "label=ringmaster.deployment=$deployment" --filter label=ringmaster.role --filter name=. |
    xargs --no-run-if-empty docker container inspect --format '{{.Image}}' | sort --unique)
[ -n "$images" ] || {
    echo "There is no deployment $deployment on this engine: run make up first." >&2
    exit 1
}

# The proxies that a container can reach, which those on this machine's loopback are not. Their values stay out of the command line.
export http_proxy="${http_proxy:-${HTTP_PROXY:-}}" https_proxy="${https_proxy:-${HTTPS_PROXY:-}}" no_proxy="${no_proxy:-${NO_PROXY:-}}"
proxies=
case $http_proxy in "" | *//localhost* | *//127.* | *//\[::1\]*) ;; *) proxies="--env http_proxy --env no_proxy" ;; esac
case $https_proxy in "" | *//localhost* | *//127.* | *//\[::1\]*) ;; *) proxies="$proxies --env https_proxy --env no_proxy" ;; esac

# Nothing of the container stays, and nothing of the deployment is touched.
updates() {
    # shellcheck disable=SC2086  # Several words.
    docker run $proxies --rm --user 0 --network bridge --entrypoint sh "$1" -c '
        apt-get update -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o APT::Update::Error-Mode=any >/tmp/said 2>&1 ||
            { cat /tmp/said >&2; exit 75; }
        apt-get --simulate --quiet dist-upgrade' 2>&1
}

code=0
for image in $images; do
    name=$(docker image inspect --format '{{index .RepoTags 0}}' "$image" 2>/dev/null) || name=$image
    if [ "$(docker image inspect --format '{{index .Config.Labels "ringmaster.deployment"}}' "$image")" != "$deployment" ]; then
        echo "$name: not built here, so not looked at"
        continue
    fi
    answer=0
    said=$(updates "$image") || answer=$?
    if [ "$answer" -eq 75 ]; then
        echo "$name: not known, because Debian's archive cannot be reached:"
        echo "$said" | grep -E '^(E|W|Err)' | head -n 3
        continue
    fi
    [ "$answer" -eq 0 ] || {
        echo "$said" >&2
        exit "$answer"
    }
    # "Inst haproxy [3.0.11-1] (3.0.11-2 Debian-Security:13/stable-security [amd64])"
    lacking=$(echo "$said" | sed -n -E 's/^Inst ([^ ]+) \[([^]]+)\] \(([^ ]+) .*Debian-Security.*/  \1 \2, and Debian has \3/p')
    if [ -n "$lacking" ]; then
        printf '%s lacks security updates:\n%s\n' "$name" "$lacking"
        code=1
    else
        echo "$name: no security update of Debian is missing"
    fi
done
named=
[ "$deployment" = ringmaster ] || named=" DEPLOYMENT=$deployment"
[ "$code" -eq 0 ] || echo "Build the images anew with Debian's present packages: make up REFRESH=1$named"
exit "$code"
