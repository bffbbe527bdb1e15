#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `make install` installs exactly the files in tests/installed, which has one name per line, and `make uninstall`
# removes them.
. "$(dirname "$0")/http/lib.sh"

need_cmd make
LIST=$(cd "$(dirname "$0")" && pwd)/installed
BUILD=${top_builddir:-${RANGED%/*}}
[ -e "$BUILD/Makefile" ] || skip_all "needs a build directory"
# The test may itself run under make.
unset MAKEFLAGS MAKELEVEL MFLAGS

# shellcheck disable=SC2317 # called by ok
make_there() { # TARGET
	make -C "$BUILD" "$1" DESTDIR="$DIR/to" prefix=/usr exec_prefix=/usr sysconfdir=/etc bindir=/usr/bin sbindir=/usr/sbin datarootdir=/usr/share \
		mandir=/usr/share/man docdir=/usr/share/doc/ranged systemdsystemunitdir=/usr/lib/systemd/system
}
installed() { find "$DIR/to" ! -type d -printf '%P\n' | sort; }

# Without the .pc file of systemd, the units are not installed.
expected() { if grep -q "^HAVE_SYSTEMD_UNITS_TRUE = #" "$BUILD/Makefile"; then grep -vE '/(systemd|sysusers\.d|tmpfiles\.d)/' "$LIST"; else cat "$LIST"; fi; }

ok "make install succeeds" make_there install
is "$(diff <(installed) <(expected) | sed -n 's/^</not in the list:/p; s/^>/not installed:/p')" "" \
	"exactly the listed files are installed"
is "$(sort -cu "$LIST" 2>&1)" "" "the list is sorted"
is "$(find "$DIR/to" -type f -perm /111 ! -path '*/bin/*' ! -path '*/sbin/*')" "" "other files are not executable"
is "$(find "$DIR/to" -type f -path '*bin/*' ! -perm -111)" "" "all programs are executable"
is "$(find "$DIR/to" ! -type l ! -perm -444)$(find "$DIR/to" ! -type l -perm /022)" "" \
	"everyone can read the files, and only the owner can write them"
# Names that should have been substituted in a template.
is "$(find "$DIR/to" -type f ! -path '*bin/*' -exec grep -lE '@[a-z]+dir@' {} +)" "" \
	"all names in templates are substituted"

echo '# an operator was here' >>"$DIR/to/etc/ranged/ranged.conf"
ok "a second make install succeeds" make_there install
is "$(tail -n 1 "$DIR/to/etc/ranged/ranged.conf")" '# an operator was here' "the configuration is not overwritten"
ok "make uninstall succeeds" make_there uninstall
is "$(installed)" etc/ranged/ranged.conf "only the changed configuration is left"
cp "${LIST%/tests/installed}/conf/ranged.conf" "$DIR/to/etc/ranged/ranged.conf"
ok "a second make uninstall succeeds" make_there uninstall
is "$(installed)" "" "an unchanged sample configuration is removed"
finish
