#!/usr/bin/env bash
#
# ready.sh: says what the suites in containers lack on this machine, all at once, and how to get it. Installs nothing.

set -euo pipefail

missing=0
lack() { missing=1; printf '  %-16s %s\n' "$1" "$2" >&2; }

image() { # VARIABLE DEFAULT
  local name=${!1:-$2}
  docker image inspect "$name" >/dev/null 2>&1 ||
    lack "$1" "the image $name is not here: docker pull $name, or $1=one that is; without a registry: integration/images/README.md"
}

if ! command -v docker >/dev/null; then
  lack docker "install Docker, or on Debian run integration/images/docker-up.sh as root"
elif ! docker info >/dev/null 2>&1; then
  lack docker "no engine answers: start one, or run integration/images/docker-up.sh as root; is DOCKER_HOST right?"
else
  docker compose version >/dev/null 2>&1 ||
    lack 'docker compose' "install Compose v2, or run integration/images/compose-plugin.sh"
  image KAFKA_IMAGE apache/kafka:4.1.1
  image MYSQL_IMAGE mysql:8.0
  image MARIADB_IMAGE mariadb:10.11
  image POSTGRES_IMAGE postgres:15
fi

if [ $missing -ne 0 ]; then
  echo 'The suites in containers can not run: see above.' >&2
  exit 1
fi
