#!/bin/bash
# What the container runs. As in the image mysql: MYSQL_ROOT_PASSWORD or MYSQL_ALLOW_EMPTY_PASSWORD, MYSQL_DATABASE,
# MYSQL_USER and MYSQL_PASSWORD, and at the first start the files .sh, .sql and .sql.gz of /docker-entrypoint-initdb.d.
set -euo pipefail

data=/var/lib/mysql
users=/tmp/users.sql # holds passwords; it is deleted before clients are let in

case ${1:-} in
  '' | -*) set -- mysqld "$@" ;;
  mysqld) ;;
  *) exec "$@" ;;
esac

# In place of the shell.
server() { exec setpriv --reuid=mysql --regid=mysql --clear-groups "$@" --datadir="$data"; }

text() { local s=${1//\\/\\\\}; printf "'%s'" "${s//\'/\\\'}"; }

write_users() {
  local root
  root=$(text "${MYSQL_ROOT_PASSWORD-}")
  (umask 077; {
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $root;"
    echo "CREATE USER 'root'@'%' IDENTIFIED BY $root;"
    echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
    if [ -n "${MYSQL_DATABASE-}" ]; then echo "CREATE DATABASE \`$MYSQL_DATABASE\`;"; fi
    if [ -n "${MYSQL_USER-}" ]; then
      echo "CREATE USER $(text "$MYSQL_USER")@'%' IDENTIFIED BY $(text "${MYSQL_PASSWORD-}");"
      if [ -n "${MYSQL_DATABASE-}" ]; then echo "GRANT ALL ON \`$MYSQL_DATABASE\`.* TO $(text "$MYSQL_USER")@'%';"; fi
    fi
  } >"$users")
  chown mysql: "$users"
}

client() { MYSQL_PWD=${MYSQL_ROOT_PASSWORD-} mysql --user=root ${MYSQL_DATABASE:+--database="$MYSQL_DATABASE"}; }

run_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) client <"$file" ;;
      *.sql.gz) gzip -dc "$file" | client ;;
    esac
  done
}

# A server that listens at its socket only runs the files, then makes place.
first_start() {
  local pid
  (server mysqld --initialize-insecure)
  write_users
  (server "$@" --skip-networking --init-file="$users") &
  pid=$!
  until client <<<'SELECT 1' >/dev/null 2>&1; do
    kill -0 $pid 2>/dev/null || { echo "the first start failed" >&2; exit 1; }
    sleep 0.1
  done
  rm -f "$users"
  run_files
  kill $pid
  wait $pid || true
}

chown mysql: "$data" /run/mysqld
if [ ! -d "$data/mysql" ]; then
  if [ -z "${MYSQL_ROOT_PASSWORD-}${MYSQL_ALLOW_EMPTY_PASSWORD-}" ]; then
    echo "set MYSQL_ROOT_PASSWORD, or MYSQL_ALLOW_EMPTY_PASSWORD=1" >&2
    exit 1
  fi
  first_start "$@"
fi
server "$@"
