#!/bin/bash
# What the container runs. As in the image mariadb: MARIADB_ROOT_PASSWORD or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD.
set -euo pipefail

data=/var/lib/mysql
users=/tmp/users.sql # holds the password; it is deleted before clients are let in

case ${1:-} in
  '' | -*) set -- mariadbd "$@" ;;
  mariadbd) ;;
  *) exec "$@" ;;
esac

# In place of the shell.
server() { exec setpriv --reuid=mysql --regid=mysql --clear-groups "$@" --datadir="$data"; }

text() { local s=${1//\\/\\\\}; printf "'%s'" "${s//\'/\\\'}"; }

write_users() {
  local root
  root=$(text "${MARIADB_ROOT_PASSWORD-}")
  (umask 077; printf '%s\n' \
    "ALTER USER 'root'@'localhost' IDENTIFIED BY $root;" \
    "CREATE USER 'root'@'%' IDENTIFIED BY $root;" \
    "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;" >"$users")
  chown mysql: "$users"
}

# A server that listens at its socket only takes the users, then makes place.
first_start() {
  local pid
  mariadb-install-db --user=mysql --datadir="$data" --auth-root-authentication-method=normal --skip-test-db >/dev/null
  write_users
  (server "$@" --skip-networking --init-file="$users") &
  pid=$!
  until MYSQL_PWD=${MARIADB_ROOT_PASSWORD-} mariadb --user=root <<<'SELECT 1' >/dev/null 2>&1; do
    kill -0 $pid 2>/dev/null || { echo "the first start failed" >&2; exit 1; }
    sleep 0.1
  done
  rm -f "$users"
  kill $pid
  wait $pid || true
}

chown mysql: "$data" /run/mysqld
if [ ! -d "$data/mysql" ]; then
  if [ -z "${MARIADB_ROOT_PASSWORD-}${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD-}" ]; then
    echo "set MARIADB_ROOT_PASSWORD, or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1" >&2
    exit 1
  fi
  first_start "$@"
fi
server "$@"
