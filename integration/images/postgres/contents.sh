# shellcheck shell=bash
# Debian's PostgreSQL, without its compiler of queries, which would be half of the image. See build.sh.

packages=("postgresql-$(postgres_version)" "postgresql-client-$(postgres_version)")

fill() {
  local root=$1 programs
  rm -rf "$root"/usr/lib/postgresql/*/lib/{llvmjit*,bitcode} "$root"/usr/lib/x86_64-linux-gnu/{libLLVM*,libz3*,perl*,libperl*} \
    "$root"/usr/lib/llvm* "$root"/usr/share/perl*
  mkdir -p "$root/usr/local/bin"
  for programs in "$root"/usr/lib/postgresql/*/bin/*; do ln -sfn "${programs#"$root"}" "$root/usr/local/bin/${programs##*/}"; done
  mkdir -p "$root"/{docker-entrypoint-initdb.d,var/lib/postgresql/data,run/postgresql}
  install -m 755 "$here/postgres/docker-entrypoint.sh" "$root/usr/bin/"
  add_user "$root" postgres 999
  chown -R 999:999 "$root"/var/lib/postgresql "$root/run/postgresql"
  chmod 700 "$root/var/lib/postgresql/data"
}
