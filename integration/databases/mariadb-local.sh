#!/usr/bin/env bash
#
# mariadb-local.sh: a throw-away MariaDB on 127.0.0.1, with a row-based binary log and TLS.
#
# Needs bash, openssl and an installed MariaDB (Debian: mariadb-server). Everything it writes lies below
# $MARIADB_LOCAL_DIR.

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

The user is root, from anywhere. The certificate is \$MARIADB_LOCAL_DIR/server.crt, signed by itself, for localhost and
127.0.0.1.

Environment:
  MARIADB_LOCAL_DIR       data and log                        (default: .mariadb-local beside this script)
  MARIADB_LOCAL_PORT      port                                (default: 23306)
  MARIADB_LOCAL_PASSWORD  root's password, set at the first start (default: tributary)
  MARIADB_LOCAL_EXTRA     further options of mariadbd, separated by spaces
  MARIADB_LOCAL_WAIT      seconds to wait for the server      (default: 90)
USAGE
}

dir=${MARIADB_LOCAL_DIR:-$here/.mariadb-local}
password=${MARIADB_LOCAL_PASSWORD:-tributary}
patience=${MARIADB_LOCAL_WAIT:-90}
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
PATH=$PATH:/usr/sbin:/usr/local/sbin # where Debian has the server

# A server keeps the port it was made with.
port=${MARIADB_LOCAL_PORT:-}
if [ -z "$port" ] && [ -f "$dir/port" ]; then port=$(cat "$dir/port"); fi
port=${port:-23306}

die() { echo "${0##*/}: $*" >&2; exit 1; }

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

# The pid of the server if it runs. The command line is checked too: pids are reused.
pid_of() {
  local pid
  [ -f "$dir/pid" ] || return 1
  pid=$(cat "$dir/pid")
  [ -n "$pid" ] || return 1
  case $(ps -o stat= -o args= -p "$pid" 2>/dev/null) in
    Z*) return 1 ;;
    *"$dir/my.cnf"*) echo "$pid" ;;
    *) return 1 ;;
  esac
}

write_config() {
  cat >"$dir/my.cnf" <<CONF
[mariadbd]
datadir=$dir/data
socket=$dir/s
port=$port
bind-address=127.0.0.1
skip-name-resolve
server-id=1
character-set-server=utf8mb4
default-time-zone=+00:00
log-bin=binlog
binlog-format=ROW
ssl-cert=$dir/server.crt
ssl-key=$dir/server.key

# Small: this is for one developer's machine. What is committed is on the disk, as in production.
sync-binlog=1
innodb-buffer-pool-size=256M
innodb-log-file-size=128M
max-connections=100
CONF
  if [ "$(id -u)" = 0 ]; then echo user=root >>"$dir/my.cnf"; fi
}

initialise() {
  [ -d "$dir/data/mysql" ] && return
  rm -rf "$dir/data"
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
    -keyout "$dir/server.key" -out "$dir/server.crt" 2>"$dir/certificate.log" || die "no certificate: see $dir/certificate.log"
  chmod 600 "$dir/server.key"
  mariadb-install-db --defaults-file="$dir/my.cnf" --auth-root-authentication-method=normal --skip-test-db \
    --datadir="$dir/data" >"$dir/initialise.log" 2>&1 || die "initialising $dir/data failed: $(tail -n 3 "$dir/initialise.log")"
  # Through a file, since others can see a command line. The server reads it before it accepts connections.
  local quoted=${password//\\/\\\\}
  quoted=${quoted//\'/\\\'}
  # It makes a root of its own for each name of the machine.
  (umask 077; printf '%s\n' \
    "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';" "FLUSH PRIVILEGES;" \
    "ALTER USER 'root'@'localhost' IDENTIFIED BY '$quoted';" \
    "CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY '$quoted';" \
    "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;" >"$dir/first-start.sql")
}

launch() {
  local first=() extra=${MARIADB_LOCAL_EXTRA:-}
  pid_of >/dev/null && return
  if listens; then die "port $port is taken; set MARIADB_LOCAL_PORT"; fi
  if [ -f "$dir/first-start.sql" ]; then first=(--init-file="$dir/first-start.sql"); fi
  # shellcheck disable=SC2086 # the options are meant to be split
  (exec mariadbd --defaults-file="$dir/my.cnf" "${first[@]}" $extra) >"$dir/server.log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  disown
}

await() {
  local deadline=$((SECONDS + patience))
  until grep -q 'ready for connections' "$dir/server.log" 2>/dev/null && listens; do
    pid_of >/dev/null || die "the server ended: $(grep -m 3 ERROR "$dir/server.log" || tail -n 3 "$dir/server.log")"
    [ $SECONDS -lt $deadline ] || die "the server is not ready after $patience s; see $dir/server.log"
    sleep 0.1
  done
  rm -f "$dir/first-start.sql"
}

stop() { # SIGTERM, then SIGKILL after 20 s
  local pid deadline=$((SECONDS + 20))
  if pid=$(pid_of); then kill "$pid" 2>/dev/null || true; fi
  while pid=$(pid_of); do
    if [ $SECONDS -ge $deadline ]; then kill -9 "$pid" 2>/dev/null || true; fi
    sleep 0.1
  done
  rm -f "$dir/pid"
}

up() {
  command -v mariadbd >/dev/null || die "no mariadbd: install MariaDB (Debian: mariadb-server)"
  mkdir -p "$dir"
  echo "$port" >"$dir/port"
  write_config
  initialise
  launch
  await
  echo "127.0.0.1:$port"
}

case ${1:-} in
  up) up ;;
  down) stop ;;
  wipe)
    stop
    rm -rf "${dir:?}"/{data,port,my.cnf,server.log,server.key,server.crt,initialise.log,certificate.log,first-start.sql,s}
    if [ -d "$dir" ]; then rmdir "$dir" 2>/dev/null || true; fi
    ;;
  kill9)
    pid=$(pid_of) || die "the server does not run"
    kill -9 "$pid"
    # The port and the files are free only when its last thread is gone.
    while kill -0 "$pid" 2>/dev/null || listens; do sleep 0.05; done
    rm -f "$dir/pid"
    ;;
  restart)
    stop
    launch
    await
    ;;
  status) if pid=$(pid_of); then echo "127.0.0.1:$port pid $pid"; else echo "127.0.0.1:$port down"; fi ;;
  address) echo "127.0.0.1:$port" ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
