#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The Debian package, from the tarball that `make dist` makes: it builds, lintian is content, and under a systemd of the test's own it is installed,
# upgraded, removed and purged.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

need_cmd dpkg-buildpackage dh lintian xz
BUILD=${RANGED%/*}
[ -e "$BUILD/Makefile" ] || skip_all "needs a build directory"
dpkg-checkbuilddeps "$LAB/../../debian/control" 2>"$DIR/missing" || skip_all "$(sed 's/.*error: //' "$DIR/missing")"
unset MAKEFLAGS MAKELEVEL MFLAGS
VERSION=$(sed -n 's/^PACKAGE_VERSION = //p' "$BUILD/Makefile")
ARCH=$(dpkg --print-architecture)

# --- built ---

make_tarball() { make -C "$BUILD" dist && mv "$BUILD/ranged-$VERSION.tar.xz" "$DIR"; }
ok "make dist" make_tarball
tar -C "$DIR" -xf "$DIR/ranged-$VERSION.tar.xz" || exit
SOURCE=$DIR/ranged-$VERSION
is "$(sed -n '1s/.*(\(.*\)-.*/\1/p' "$SOURCE/debian/changelog")" "$VERSION" "debian/changelog is of this version"
ok "CHANGELOG.md has it" grep -qx "## $VERSION" "$SOURCE/CHANGELOG.md"
# Where this is no checkout, git knows of no files.
unpacked() { while read -r file; do [ -e "$SOURCE/$file" ] || [ "$file" = .gitignore ] || echo "$file"; done; }
is "$(git -C "$LAB" ls-files --full-name :/ 2>/dev/null | unpacked)" "" "the tarball has every file of the repository"
# As who packages it would: debian/ is a part of its own.
tar -C "$DIR" --exclude "ranged-$VERSION/debian" -cf - "ranged-$VERSION" | xz -0 >"$DIR/ranged_$VERSION.orig.tar.xz"

# The unit tests, which it would run, are run where this is.
build_package() { cd "$SOURCE" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -us -uc >"$DIR/stderr.build" 2>&1; }
ok "dpkg-buildpackage" build_package
DEB=$DIR/ranged_$VERSION-1_$ARCH.deb
[ -e "$DEB" ] || exit
is "$(cd "$DIR" && lintian --no-cfg --allow-root --fail-on none --tag-display-limit 0 ranged_*.changes 2>&1)" "" "lintian has no error and no warning"

# The next one: the same with one thing more in its configuration.
make_next() { # REVISION LINE
	local folder=$DIR/next
	rm -rf "$folder"
	dpkg-deb -R "$DEB" "$folder" || exit
	sed -i "s/^Version: .*/Version: $VERSION-$1/" "$folder/DEBIAN/control"
	[ -z "$2" ] || printf '%s\n' "$2" >>"$folder/etc/ranged/ranged.conf"
	dpkg-deb -b "$folder" "$MACHINE/root/$1.deb" >/dev/null || exit
}

# --- installed ---

# By the package alone.
install_units() { :; }
make_machine
# What images of containers have, so that packages start nothing.
rm -f "$MACHINE/usr/sbin/policy-rc.d"
cp "$DEB" "$MACHINE/root/1.deb"
make_next 2 ""
make_next 3 "# new in 3"
boot_machine

# With its documents, which containers are set up to leave out.
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
is "$RC" 7 "before it, there is nothing at its port"
ok "dpkg -i" dpkg_in -i /root/1.deb
is "$(version_there)" "$VERSION-1 install ok installed" "it is installed"
ok "it runs" is_active
is "$(inside systemctl is-enabled ranged.service)" enabled "and is enabled"
is "$(inside stat -c %U "/proc/$(main_pid)")" ranged "as a user of its own"
get_inside /
is "$STATUS" 200 "and serves: an empty folder"
make_file served.bin 300007
cp -p "$ROOT/served.bin" "$MACHINE/var/lib/ranged/files"
get_inside /served.bin -r 100000-200000
cmp_range served.bin 100000 200000 "what is put into its folder is served"
ok "there is a log" inside grep -q 'GET /served.bin' /var/log/ranged/access.log
like "$(inside stat -c '%U %a' /var/log/ranged/access.log)" '^ranged 6[04]0$' "that not everybody can read"
is "$(property NRestarts)" 0 "it was not started twice"
is "$(inside dpkg -V ranged)" "" "all files are as they were packed"
# Addresses in hexadecimal, of sockets that listen.
is "$(inside cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == "0A" { print $2 }')" 0100007F:1F90 "nothing is listened on but a port of the loopback interface"

# --- an upgrade ---

echo 'cache_size = 32M' >>"$MACHINE/etc/ranged/ranged.conf"
sed -i 's/^cache_size = 64M/#&/' "$MACHINE/etc/ranged/ranged.conf"
config_there >"$DIR/edited"
printf '%s\n' 'root = /var/lib/ranged/files' 'listen = "127.0.0.1:81"' 'cache_size = 16M' >"$MACHINE/etc/ranged/other.conf"
inside systemctl enable --now ranged@other.service 2>/dev/null
# A socket can't be had by a service that is there already.
inside systemctl stop ranged.service
inside systemctl enable --now ranged.socket 2>/dev/null
inside systemctl start ranged.service
URL=http://127.0.0.1
serves "it serves at a socket of systemd's"

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
ok "an upgrade" dpkg_in -i /root/2.deb
touch "$DIR/stop"
wait $asker
is $? 0 "nobody is refused meanwhile, with the socket"
is "$(version_there)" "$VERSION-2 install ok installed" "it is upgraded"
ok "it runs" is_active
isnt "$(main_pid)" "$before" "it was restarted"
isnt "$(instance_pid)" "$instance_before" "and so was an instance"
ok "which runs" is_active ranged@other.service
ok "the socket is still there" is_active ranged.socket
ok "the configuration is the operator's" diff "$DIR/edited" <(config_there)
serves "it serves"
ok "an upgrade with another configuration" dpkg_in -i /root/3.deb
ok "the operator's is kept" diff "$DIR/edited" <(config_there)
ok "the new one is beside it" inside grep -q '^# new in 3' /etc/ranged/ranged.conf.dpkg-dist
inside systemctl disable --now ranged.service 2>/dev/null
dpkg_in -i /root/3.deb >/dev/null 2>&1
is "$(inside systemctl is-enabled ranged.service)" disabled "what was disabled stays so"
not_ok "and what was stopped" is_active

# --- gone ---

inside systemctl enable --now ranged.service 2>/dev/null
ok "it is removed" dpkg_in -r ranged
is "$(version_there)" "$VERSION-3 deinstall ok config-files" "but for its configuration"
not_ok "it runs no more" inside pgrep -x ranged
not_ok "nor does its socket listen" is_active ranged.socket
URL=http://127.0.0.1:8080
ok "the configuration is still there" diff "$DIR/edited" <(config_there)
ok "the log, too" inside test -s /var/log/ranged/access.log
ok "it is installed again" dpkg_in -i /root/3.deb
ok "with the configuration that there was" diff "$DIR/edited" <(config_there)
serves "it serves"
echo secret >"$MACHINE/etc/ranged/sign.keys"
ok "it is purged" dpkg_in -P ranged
not_ok "it runs no more" inside pgrep -x ranged
not_ok "dpkg knows nothing of it" version_there
# The user stays, and so does what was put there to be served.
left() { find "$DIR/layers/up" -name '*ranged*' -printf '/%P\n' && inside find /run /tmp -name '*ranged*'; }
is "$(left)" /var/lib/ranged "all that is left is what it served"
is "$(inside systemctl list-units --all --plain --no-legend 'ranged*')" "" "systemd knows nothing of it"
is "$(inside systemctl --failed --plain --no-legend)" "" "nothing has failed"
finish
