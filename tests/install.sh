#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What `make install` puts where: all that stands in tests/installed, a name a line, and nothing else; and `make uninstall` takes it away.
. "$(dirname "$0")/http/lib.sh"

need_cmd make
LIST=$(cd "$(dirname "$0")" && pwd)/installed
BUILD=${top_builddir:-${RANGED%/*}}
[ -e "$BUILD/Makefile" ] || skip_all "needs a build directory"
# This may itself be run by a make.
unset MAKEFLAGS MAKELEVEL MFLAGS

# shellcheck disable=SC2317 # called by ok
make_there() { # TARGET
	make -C "$BUILD" "$1" DESTDIR="$DIR/to" prefix=/usr exec_prefix=/usr sysconfdir=/etc bindir=/usr/bin sbindir=/usr/sbin datarootdir=/usr/share \
		mandir=/usr/share/man docdir=/usr/share/doc/ranged systemdsystemunitdir=/usr/lib/systemd/system
}
installed() { find "$DIR/to" ! -type d -printf '%P\n' | sort; }

# Without systemd's .pc file, its units are not installed.
expected() { if grep -q "^HAVE_SYSTEMD_UNITS_TRUE = #" "$BUILD/Makefile"; then grep -vE '/(systemd|sysusers\.d|tmpfiles\.d)/' "$LIST"; else cat "$LIST"; fi; }

ok "make install" make_there install
is "$(diff <(installed) <(expected) | sed -n 's/^</not in the list:/p; s/^>/not installed:/p')" "" "what is in the list, and no more"
is "$(sort -cu "$LIST" 2>&1)" "" "the list is in order"
is "$(find "$DIR/to" -type f -perm /111 ! -path '*/bin/*' ! -path '*/sbin/*')" "" "only programs can be run"
is "$(find "$DIR/to" -type f -path '*bin/*' ! -perm -111)" "" "and all of them can"
is "$(find "$DIR/to" ! -type l ! -perm -444)$(find "$DIR/to" ! -type l -perm /022)" "" "everybody can read it, and only the owner can write"
# What is not substituted in a template.
is "$(find "$DIR/to" -type f ! -path '*bin/*' -exec grep -lE '@[a-z]+dir@' {} +)" "" "templates are filled in"

echo '# an operator was here' >>"$DIR/to/etc/ranged/ranged.conf"
ok "make install, once more" make_there install
is "$(tail -n 1 "$DIR/to/etc/ranged/ranged.conf")" '# an operator was here' "the configuration was left as it is"
ok "make uninstall" make_there uninstall
is "$(installed)" etc/ranged/ranged.conf "nothing else is left"
cp "${LIST%/tests/installed}/conf/ranged.conf" "$DIR/to/etc/ranged/ranged.conf"
ok "make uninstall" make_there uninstall
is "$(installed)" "" "a configuration that is the sample's goes, too"
finish
