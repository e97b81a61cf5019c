#!/usr/bin/env bash
#
# postgres-local.sh: a throw-away PostgreSQL on 127.0.0.1, with TLS, from the programs that are installed.
#
# Needs bash, initdb and postgres (Debian: postgresql-15) and openssl. PostgreSQL refuses to run as root: called by
# root, the script runs it as user postgres. Everything it writes lies below $POSTGRES_LOCAL_DIR.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<USAGE
usage: ${0##*/} COMMAND

  up           start the server and wait until it is ready; prints host:port
  down         stop it; the data stays
  wipe         stop it and delete the data
  kill9        SIGKILL it
  restart      start it (again), stopping it first if it runs
  status       one line
  address      print host:port

The user is postgres. The server's certificate, signed by itself for 127.0.0.1 and localhost, is
\$POSTGRES_LOCAL_DIR/server.crt.

Environment:
  POSTGRES_LOCAL_DIR       data and log                     (default: .postgres-local beside this script)
  POSTGRES_LOCAL_BIN       folder of initdb and pg_ctl      (default: found on the PATH or in /usr/lib/postgresql)
  POSTGRES_LOCAL_PORT      port                             (default: 15432)
  POSTGRES_LOCAL_PASSWORD  the password, set at the first start (default: tributary)
  POSTGRES_LOCAL_EXTRA     further options of postgres, such as "-c fsync=off"
  POSTGRES_LOCAL_USER      whom root runs it as             (default: postgres)
  POSTGRES_LOCAL_WAIT      seconds to wait for the server   (default: 90)
USAGE
}

dir=${POSTGRES_LOCAL_DIR:-$here/.postgres-local}
password=${POSTGRES_LOCAL_PASSWORD:-tributary}
patience=${POSTGRES_LOCAL_WAIT:-90}
owner=${POSTGRES_LOCAL_USER:-postgres}

case $dir in /*) ;; *) dir=$PWD/$dir ;; esac

# A server keeps the port it was made with.
port=${POSTGRES_LOCAL_PORT:-}
if [ -z "$port" ] && [ -f "$dir/port" ]; then port=$(cat "$dir/port"); fi
port=${port:-15432}

die() { echo "${0##*/}: $*" >&2; exit 1; }

find_bin() {
  local found
  if [ -n "${POSTGRES_LOCAL_BIN:-}" ]; then echo "$POSTGRES_LOCAL_BIN"; return; fi
  if found=$(command -v initdb); then dirname "$found"; return; fi
  found=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
  [ -x "$found" ] || die "no initdb: install PostgreSQL (Debian: postgresql-15) or set POSTGRES_LOCAL_BIN"
  dirname "$found"
}
bin=

as_owner() { # COMMAND...
  if [ "$(id -u)" = 0 ]; then
    (cd "$dir" && exec setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups "$@")
  else
    "$@"
  fi
}

pid_of() {
  local pid
  [ -f "$dir/data/postmaster.pid" ] || return 1
  pid=$(head -n 1 "$dir/data/postmaster.pid")
  [ -n "$pid" ] || return 1
  case $(ps -o stat= -o args= -p "$pid" 2>/dev/null) in
    Z*) return 1 ;;
    *"$dir/data"*) echo "$pid" ;;
    *) return 1 ;;
  esac
}

initialise() {
  [ -f "$dir/data/PG_VERSION" ] && return
  rm -rf "$dir/data"
  (umask 077; printf '%s\n' "$password" >"$dir/password")
  chown_owner "$dir/password"
  as_owner "$bin/initdb" --pgdata="$dir/data" --username=postgres --pwfile="$dir/password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$dir/initialise.log" 2>&1 ||
    die "initialising $dir/data failed: $(tail -n 3 "$dir/initialise.log")"
  rm -f "$dir/password"
  certificate
}

chown_owner() { if [ "$(id -u)" = 0 ]; then chown "$owner" "$@"; fi; }

certificate() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
    -keyout "$dir/server.key" -out "$dir/server.crt" 2>"$dir/certificate.log" || die "no certificate: see $dir/certificate.log"
  chmod 600 "$dir/server.key"
  chown_owner "$dir/server.key"
}

launch() {
  pid_of >/dev/null && return
  local options="-c port=$port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=100"
  options+=" -c ssl=on -c ssl_cert_file=$dir/server.crt -c ssl_key_file=$dir/server.key"
  options+=" -c wal_level=logical -c timezone=UTC ${POSTGRES_LOCAL_EXTRA:-}"
  as_owner "$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/data/server.log" --wait --timeout="$patience" \
    --options="$options" start >"$dir/start.log" 2>&1 </dev/null ||
    die "the server did not start: $(tail -n 3 "$dir/data/server.log" 2>/dev/null || tail -n 3 "$dir/start.log")"
}

stop() {
  local pid
  if pid=$(pid_of); then as_owner "$bin/pg_ctl" --pgdata="$dir/data" --mode=fast --wait stop >/dev/null 2>&1 || kill -9 "$pid" || true; fi
}

up() {
  mkdir -p "$dir"
  chmod 755 "$dir"
  chown_owner "$dir"
  echo "$port" >"$dir/port"
  initialise
  launch
  echo "127.0.0.1:$port"
}

cmd=${1:-}
case $cmd in
  up | down | wipe | restart) bin=$(find_bin) ;;
esac
case $cmd in
  up) up ;;
  down) stop ;;
  wipe)
    stop
    rm -rf "${dir:?}"/{data,port,server.key,server.crt,initialise.log,certificate.log,start.log,password}
    if [ -d "$dir" ]; then rmdir "$dir" 2>/dev/null || true; fi
    ;;
  kill9)
    pid=$(pid_of) || die "the server does not run"
    children=$(ps -o pid= --ppid "$pid" || true)
    kill -9 "$pid"
    # Its children notice and end by themselves; until then the data cannot be opened again.
    for p in $pid $children; do while kill -0 "$p" 2>/dev/null; do sleep 0.05; done; done
    ;;
  restart)
    stop
    launch
    ;;
  status) if pid=$(pid_of); then echo "127.0.0.1:$port pid $pid"; else echo "127.0.0.1:$port down"; fi ;;
  address) echo "127.0.0.1:$port" ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
