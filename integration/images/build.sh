#!/usr/bin/env bash
#
# build.sh: container images of Kafka, MySQL, MariaDB and PostgreSQL, made here of Debian's packages and of jars from Maven
# Central. For machines that reach those and no registry of images; where one can be reached, the official images do.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<USAGE
usage: ${0##*/} [kafka] [mysql] [mariadb] [postgres]      default: all

Prints lines for the shell, which name the images: eval "\$(${0##*/})". They take the variables of apache/kafka,
mysql, mariadb and postgres. An image whose recipe has not changed is not built again.

Needs root, Linux on amd64, Debian or Ubuntu, a Docker engine (docker-up.sh); for Kafka a JDK >= 17 and Maven, for
MySQL Maven and unzip.

Environment:
  KAFKA_VERSION   Kafka's version                        (default: 4.1.1)
  IMAGE_PREFIX    the images are PREFIX/kafka and so on  (default: local)
  IMAGE_CACHE     jars                                   (default: .cache beside this script)
USAGE
}

export KAFKA_VERSION=${KAFKA_VERSION:-4.1.1}
prefix=${IMAGE_PREFIX:-local}
cache=${IMAGE_CACHE:-$here/.cache}

say() { echo "${0##*/}: $*" >&2; }
die() { say "$*"; exit 1; }

# shellcheck source=debian.sh
. "$here/debian.sh"

tag() {
  case $1 in
    kafka) echo "$prefix/kafka:$KAFKA_VERSION" ;;
    mysql) echo "$prefix/mysql:8.0" ;;
    mariadb) echo "$prefix/mariadb:debian" ;;
    postgres) echo "$prefix/postgres:$(postgres_version)" ;;
  esac
}

# The major version that this Debian has.
postgres_version() { apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p'; }

# The files that decide what is in an image, as a hash.
recipe() {
  { echo "$1 $KAFKA_VERSION"; cat "$here/build.sh" "$here/debian.sh" "$here/$1"/*; } | sha256sum | cut -c 1-16
}

up_to_date() { [ "$(docker image inspect -f '{{index .Config.Labels "recipe"}}' "$(tag "$1")" 2>/dev/null)" = "$(recipe "$1")" ]; }

# import NAME ROOT: the file system becomes an image of one layer, with the settings in NAME/settings.
import() {
  local change=(--change "LABEL recipe=$(recipe "$1")") line
  while read -r line; do change+=(--change "$line"); done <"$here/$1/settings"
  tar -C "$2" -c . | docker import "${change[@]}" - "$(tag "$1")" >/dev/null
}

# The folder NAME has: contents.sh, with the packages and a function fill ROOT; settings; files that fill takes.
build() (
  name=$1 began=$SECONDS
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # shellcheck disable=SC1090 # one of those above
  . "$here/$name/contents.sh"
  download "$work/packages" "${base_packages[@]}" "${packages[@]}"
  unpack "$work/packages" "$work/root"
  settle "$work/root"
  fill "$work/root"
  import "$name" "$work/root"
  if declare -F after >/dev/null; then after "$work/root"; fi
  say "$(tag "$name"), $(docker image inspect -f '{{.Size}}' "$(tag "$name")" | awk '{ printf "%.0f MB", $1/1e6 }'), after $((SECONDS - began)) s"
)

wanted=()
for name in "$@"; do
  case $name in
    kafka | mysql | mariadb | postgres) wanted+=("$name") ;;
    -h | --help | help) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
done
[ ${#wanted[@]} -gt 0 ] || wanted=(kafka mysql mariadb postgres)

docker version >/dev/null 2>&1 || die "no Docker engine answers: start one (docker-up.sh)"
for name in "${wanted[@]}"; do
  if ! up_to_date "$name"; then
    [ "$(uname -sm)" = 'Linux x86_64' ] || die "Linux on amd64 only"
    [ "$(id -u)" = 0 ] || die "only root can make files of other users"
    command -v apt-get >/dev/null || die "Debian or Ubuntu only: the files come out of their packages"
    mkdir -p "$cache"
    build "$name" </dev/null
  fi
  echo "export ${name^^}_IMAGE=$(tag "$name")"
done
