#!/bin/bash
# What the container runs. As in the image postgres: POSTGRES_PASSWORD, POSTGRES_USER, POSTGRES_DB, and at the first
# start the files .sh, .sql and .sql.gz of /docker-entrypoint-initdb.d.
set -euo pipefail

case ${1:-} in
  '' | -*) set -- postgres "$@" ;;
  postgres) ;;
  *) exec "$@" ;;
esac

if [ "$(id -u)" = 0 ]; then # the server refuses to be root
  chown postgres: "$PGDATA" /run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi

user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

client() { psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$user" "$@"; }

run_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) client --dbname "$database" --file "$file" ;;
      *.sql.gz) gzip -dc "$file" | client --dbname "$database" ;;
    esac
  done
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  [ -n "${POSTGRES_PASSWORD-}" ] || { echo "set POSTGRES_PASSWORD" >&2; exit 1; }
  initdb --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --auth-local=trust --auth-host=scram-sha-256 --no-sync
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
  pg_ctl --wait --options="-c listen_addresses=''" start
  if [ "$database" != postgres ]; then client --dbname postgres --set name="$database" <<<'CREATE DATABASE :"name";'; fi
  run_files
  pg_ctl --wait --mode=fast stop
fi
exec "$@"
