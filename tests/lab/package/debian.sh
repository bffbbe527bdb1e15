#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The Debian package, built from the tarball of `make dist`: it builds, lintian reports nothing, and under systemd it is
# installed, upgraded, removed and purged.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

need_cmd dpkg-buildpackage dh lintian xz
BUILD=${RANGED%/*}
[ -e "$BUILD/Makefile" ] || skip_all "needs a build directory"
dpkg-checkbuilddeps "$LAB/../../debian/control" 2>"$DIR/missing" || skip_all "$(sed 's/.*error: //' "$DIR/missing")"
unset MAKEFLAGS MAKELEVEL MFLAGS
VERSION=$(sed -n 's/^PACKAGE_VERSION = //p' "$BUILD/Makefile")
ARCH=$(dpkg --print-architecture)

# --- build ---

make_tarball() { make -C "$BUILD" dist && mv "$BUILD/ranged-$VERSION.tar.xz" "$DIR"; }
ok "make dist succeeds" make_tarball
tar -C "$DIR" -xf "$DIR/ranged-$VERSION.tar.xz" || exit
SOURCE=$DIR/ranged-$VERSION
is "$(sed -n '1s/.*(\(.*\)-.*/\1/p' "$SOURCE/debian/changelog")" "$VERSION" "debian/changelog has this version"
ok "CHANGELOG.md has this version" grep -qx "## $VERSION" "$SOURCE/CHANGELOG.md"
# Outside of a git repository, git lists no files.
unpacked() { while read -r file; do [ -e "$SOURCE/$file" ] || [ "$file" = .gitignore ] || echo "$file"; done; }
is "$(git -C "$LAB" ls-files --full-name :/ 2>/dev/null | unpacked)" "" "the tarball has every file of the repository"
# Like a packager: debian/ is added to the unpacked tarball.
tar -C "$DIR" --exclude "ranged-$VERSION/debian" -cf - "ranged-$VERSION" | xz -0 >"$DIR/ranged_$VERSION.orig.tar.xz"

# This test suite runs the unit tests of the package build. Its subject is the packaging, so the compiler need not optimise.
build_package() { cd "$SOURCE" && DEB_BUILD_OPTIONS="nocheck noopt noautodbgsym parallel=$(nproc)" dpkg-buildpackage -us -uc >"$DIR/stderr.build" 2>&1; }
ok "dpkg-buildpackage succeeds" build_package
DEB=$DIR/ranged_$VERSION-1_$ARCH.deb
[ -e "$DEB" ] || exit
is "$(cd "$DIR" && lintian --no-cfg --allow-root --fail-on none --tag-display-limit 0 ranged_*.changes 2>&1)" "" \
	"lintian reports no error and no warning"

# The next revision: the same package with one more line in its configuration.
make_next() { # REVISION LINE
	local folder=$DIR/next
	rm -rf "$folder"
	dpkg-deb -R "$DEB" "$folder" || exit
	sed -i "s/^Version: .*/Version: $VERSION-$1/" "$folder/DEBIAN/control"
	[ -z "$2" ] || printf '%s\n' "$2" >>"$folder/etc/ranged/ranged.conf"
	dpkg-deb -b "$folder" "$MACHINE/root/$1.deb" >/dev/null || exit
}

# --- installation ---

# Installs only the package, which may need any unit of the system.
install_units() { :; }
mask_units() { :; }
make_machine
# Container images have this file, so that packages start no service.
rm -f "$MACHINE/usr/sbin/policy-rc.d"
cp "$DEB" "$MACHINE/root/1.deb"
make_next 2 ""
make_next 3 "# new in 3"
boot_machine

# Installs the documents, which container images leave out.
dpkg_in() { inside env DEBIAN_FRONTEND=noninteractive dpkg --force-confold --path-include='/usr/share/*' "$@" </dev/null; }
version_there() { inside dpkg-query -W -f "\${Version} \${Status}" ranged; }
config_there() { inside cat /etc/ranged/ranged.conf; }
serves() {
	get_inside /served.bin
	cmp_whole served.bin "$1"
}
URL=http://127.0.0.1:8080
instance_pid() { property MainPID ranged@other.service; }

get_inside /
is "$RC" 7 "before the installation the port is closed"
ok "dpkg -i succeeds" dpkg_in -i /root/1.deb
is "$(version_there)" "$VERSION-1 install ok installed" "the package is installed"
ok "the service runs" is_active
is "$(inside systemctl is-enabled ranged.service)" enabled "the service is enabled"
is "$(inside stat -c %U "/proc/$(main_pid)")" ranged "the service has its own user"
get_inside /
is "$STATUS" 200 "an empty directory is served"
make_file served.bin 300007
cp -p "$ROOT/served.bin" "$MACHINE/var/lib/ranged/files"
get_inside /served.bin -r 100000-200000
cmp_range served.bin 100000 200000 "a file in this directory is served"
ok "the access log is written" inside grep -q 'GET /served.bin' /var/log/ranged/access.log
like "$(inside stat -c '%U %a' /var/log/ranged/access.log)" '^ranged 6[04]0$' "other users cannot read the log"
is "$(property NRestarts)" 0 "the service was started once"
is "$(inside dpkg -V ranged)" "" "all files are unchanged"
# The addresses of listening sockets are hexadecimal.
is "$(inside cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == "0A" { print $2 }')" 0100007F:1F90 \
	"only one port of the loopback interface is open"

# --- upgrade ---

echo 'cache_size = 32M' >>"$MACHINE/etc/ranged/ranged.conf"
sed -i 's/^cache_size = 64M/#&/' "$MACHINE/etc/ranged/ranged.conf"
config_there >"$DIR/edited"
printf '%s\n' 'root = /var/lib/ranged/files' 'listen = "127.0.0.1:81"' 'cache_size = 16M' >"$MACHINE/etc/ranged/other.conf"
inside systemctl enable --now ranged@other.service 2>/dev/null
# A running service cannot take over the socket.
inside systemctl stop ranged.service
inside systemctl enable --now ranged.socket 2>/dev/null
inside systemctl start ranged.service
URL=http://127.0.0.1
serves "the service uses a socket of systemd"

ask_on() {
	until [ -e "$DIR/stop" ]; do
		inside curl -sS --fail --max-time 30 -o /dev/null $URL/served.bin || return
		echo >>"$DIR/asked"
	done
}
ask_on 2>"$DIR/stderr.curl" &
asker=$!
await 10 test -s "$DIR/asked"
before=$(main_pid)
instance_before=$(instance_pid)
ok "an upgrade succeeds" dpkg_in -i /root/2.deb
touch "$DIR/stop"
wait $asker
is $? 0 "no connection is refused during the upgrade"
is "$(version_there)" "$VERSION-2 install ok installed" "the package is upgraded"
ok "the service runs after the upgrade" is_active
isnt "$(main_pid)" "$before" "the service was restarted"
isnt "$(instance_pid)" "$instance_before" "an instance was restarted"
ok "the instance runs" is_active ranged@other.service
ok "the socket unit is active" is_active ranged.socket
ok "the configuration of the operator is unchanged" diff "$DIR/edited" <(config_there)
serves "the service serves after the upgrade"
ok "an upgrade with another configuration succeeds" dpkg_in -i /root/3.deb
ok "the configuration of the operator is kept" diff "$DIR/edited" <(config_there)
ok "the new configuration is installed beside it" inside grep -q '^# new in 3' /etc/ranged/ranged.conf.dpkg-dist
inside systemctl disable --now ranged.service 2>/dev/null
dpkg_in -i /root/3.deb >/dev/null 2>&1
is "$(inside systemctl is-enabled ranged.service)" disabled "a disabled service remains disabled"
not_ok "a stopped service remains stopped" is_active

# --- removal ---

inside systemctl enable --now ranged.service 2>/dev/null
ok "the package is removed" dpkg_in -r ranged
is "$(version_there)" "$VERSION-3 deinstall ok config-files" "only the configuration remains"
not_ok "no process remains" inside pgrep -x ranged
not_ok "the socket unit is inactive" is_active ranged.socket
URL=http://127.0.0.1:8080
ok "the configuration remains" diff "$DIR/edited" <(config_there)
ok "the log remains" inside test -s /var/log/ranged/access.log
ok "the package is installed again" dpkg_in -i /root/3.deb
ok "the former configuration is used" diff "$DIR/edited" <(config_there)
serves "the service serves after the installation"
echo secret >"$MACHINE/etc/ranged/sign.keys"
ok "the package is purged" dpkg_in -P ranged
not_ok "no process remains after the purge" inside pgrep -x ranged
not_ok "dpkg does not know the package any more" version_there
# The user and the served files remain.
left() { find "$DIR/layers/up" -name '*ranged*' -printf '/%P\n' && inside find /run /tmp -name '*ranged*'; }
is "$(left)" /var/lib/ranged "only the served directory remains"
is "$(inside systemctl list-units --all --plain --no-legend 'ranged*')" "" "systemd knows no unit of the package"
is "$(inside systemctl --failed --plain --no-legend)" "" "no unit has failed"
finish
