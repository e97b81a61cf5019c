# shellcheck shell=bash
# Functions that make a file system of Debian packages: apt resolves, downloads and verifies them, and they are only
# unpacked. Nothing of them is run. Needs a Debian or Ubuntu with package lists (apt-get update).

# What every image has: a shell, the usual commands, the C library.
base_packages=(base-files base-passwd bash dash coreutils sed grep mawk findutils gzip hostname util-linux libc-bin libstdc++6
  zlib1g tzdata netbase)

# download FOLDER PACKAGE...: the packages and all they depend on, as if nothing were installed.
download() {
  local folder=$1
  shift
  mkdir -p "$folder/partial"
  : >"$folder/installed"
  apt-get -q -y -o Dir::State::status="$folder/installed" -o Dir::Cache::archives="$folder" \
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
    -o APT::Install-Recommends=false install --download-only "$@" >"$folder/log" 2>&1 ||
    { tail -n 5 "$folder/log" >&2; die "apt cannot fetch $*: is apt-get update needed?"; }
}

# unpack FOLDER ROOT: without manuals and translations. /bin, /lib and so on are links into /usr, as Debian has them.
unpack() {
  local folder=$1 root=$2 name package
  mkdir -p "$root"/{usr/{bin,sbin,lib,lib64},dev,etc,home,proc,root,run,sys,tmp,var/{lib,log,tmp}}
  chmod 1777 "$root/tmp" "$root/var/tmp"
  for name in bin sbin lib lib64; do ln -sfn "usr/$name" "$root/$name"; done
  ln -sfn /run "$root/var/run"
  for package in "$folder"/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root" \
      --exclude='./usr/share/man/*' --exclude='./usr/share/info/*' --exclude='./usr/share/locale/*' --exclude='./usr/share/perl/*' \
      --exclude='./usr/share/doc/*/[!c]*' --exclude='./usr/share/doc/*/changelog*'
  done
}

# settle ROOT: what the packages' own scripts would have done.
settle() {
  local file
  for file in passwd group; do sed 's/:\*:/:x:/' "$1/usr/share/base-passwd/$file.master" >"$1/etc/$file"; done
  echo 'hosts: files dns' >"$1/etc/nsswitch.conf"
  ln -sfn mawk "$1/usr/bin/awk"
  ln -sfn dash "$1/usr/bin/sh"
  ldconfig -r "$1"
}

# add_user ROOT NAME NUMBER
add_user() {
  mkdir -p "$1/home/$2"
  echo "$2:x:$3:$3::/home/$2:/bin/bash" >>"$1/etc/passwd"
  echo "$2:x:$3:" >>"$1/etc/group"
  chown "$3:$3" "$1/home/$2"
}
