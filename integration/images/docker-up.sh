#!/usr/bin/env bash
#
# docker-up.sh: a Docker engine on a Debian or Ubuntu that has none. Nothing runs this unless somebody asks for it.

set -euo pipefail

usage() {
  cat <<USAGE
usage: ${0##*/}

Where an engine answers, it does nothing. Else it installs Docker (apt-get, package docker.io) if it is missing, and
starts it without systemd; needs root. docker-down.sh stops it.

Environment:
  DOCKER_LOCAL_DIR   pid file and log                 (default: /var/run/docker-local)
  DOCKER_LOCAL_DATA  images and containers            (default: /var/lib/docker)
  DOCKER_LOCAL_WAIT  seconds to wait for the engine   (default: 90)
USAGE
}

dir=${DOCKER_LOCAL_DIR:-/var/run/docker-local}
data=${DOCKER_LOCAL_DATA:-/var/lib/docker}
patience=${DOCKER_LOCAL_WAIT:-90}

say() { echo "${0##*/}: $*" >&2; }
die() { say "$*"; exit 1; }

answers() { timeout 10 docker version >/dev/null 2>&1; }

install_docker() {
  command -v apt-get >/dev/null || die "no Docker engine, and no apt-get to install one: install Docker"
  say "installing docker.io"
  export DEBIAN_FRONTEND=noninteractive
  local install=(apt-get install -y -q --no-install-recommends docker.io iptables)
  "${install[@]}" >&2 || { apt-get update -q >&2 && "${install[@]}" >&2; }
}

# The MTU of the way out: with a larger one in the containers' network large packets vanish.
mtu() {
  local device
  device=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route)
  cat "/sys/class/net/${device:-none}/mtu" 2>/dev/null || echo 1400
}

launch() {
  mkdir -p "$dir"
  # A pid file that a crash has left would keep the engine from starting.
  if [ -f "$dir/pid" ] && ! grep -qs dockerd "/proc/$(cat "$dir/pid")/comm"; then rm "$dir/pid"; fi
  say "starting the engine; its log is $dir/log"
  # The bridge's address is given because an engine's very first start records no gateway otherwise.
  setsid nohup dockerd --data-root "$data" --pidfile "$dir/pid" --bip 172.17.0.1/16 --mtu "$(mtu)" \
    --log-opt max-size=20m --log-opt max-file=2 >"$dir/log" 2>&1 </dev/null &
  local pid=$! deadline=$((SECONDS + patience))
  until answers; do
    kill -0 "$pid" 2>/dev/null || die "the engine has ended: $(tail -n 3 "$dir/log")"
    [ $SECONDS -lt $deadline ] || die "the engine is not ready after ${patience}s; see $dir/log"
    sleep 0.2
  done
}

case ${1:-} in
  '') ;;
  -h | --help | help) usage; exit ;;
  *) usage >&2; exit 2 ;;
esac

if ! answers; then
  [ "$(id -u)" = 0 ] || die "no Docker engine answers, and only root can start one"
  command -v dockerd >/dev/null || install_docker
  launch
fi
