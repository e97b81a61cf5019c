# shellcheck shell=bash
# Debian's MariaDB and its client. See build.sh.

packages=(mariadb-server-core mariadb-client-core)

fill() {
  local root=$1
  mkdir -p "$root"/{docker-entrypoint-initdb.d,etc/mysql/conf.d,var/lib/mysql,run/mysqld}
  rm -rf "$root"/etc/mysql/{my.cnf,mariadb.cnf,mariadb.conf.d}
  install -m 644 "$here/mariadb/my.cnf" "$root/etc/mysql/my.cnf"
  install -m 755 "$here/mariadb/docker-entrypoint.sh" "$root/usr/bin/"
  add_user "$root" mysql 999
  chown -R 999:999 "$root"/var/lib/mysql "$root/run/mysqld"
}
