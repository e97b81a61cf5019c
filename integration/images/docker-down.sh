#!/usr/bin/env bash
#
# docker-down.sh: stops the engine that docker-up.sh has started, and its containers. Images stay.

set -euo pipefail

file=${DOCKER_LOCAL_DIR:-/var/run/docker-local}/pid

if [ ! -f "$file" ] || ! grep -qs dockerd "/proc/$(cat "$file")/comm"; then
  echo "${0##*/}: no engine of docker-up.sh runs" >&2
  exit
fi
pid=$(cat "$file")
kill "$pid"
for _ in $(seq 300); do
  kill -0 "$pid" 2>/dev/null || exit 0
  sleep 0.1
done
echo "${0##*/}: the engine $pid did not end within 30 s" >&2
exit 1
