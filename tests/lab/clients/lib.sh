# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The harness of the tests that run unmodified HTTP clients against ranged, in addition to that of the HTTP tests. A
# test is skipped if its client is not installed. With RANGED_CLIENTS=1 it fails instead, and packages of npm are
# installed by name in $top_builddir/tests/npm. The packages of Debian are listed in .ci/run (client_needs). With
# sanitizers these tests are skipped.
#
# Each request is one line of $DIR/access.log: method, path with its query, status, bytes sent, and the Range field or
# "-".

# shellcheck source=../../http/lib.sh
[ -n "${LAB:-}" ] || . "$(dirname "${BASH_SOURCE[0]}")/../../http/lib.sh"

# The modules of Debian packages belong to this interpreter, whatever python3 is.
PYTHON=/usr/bin/python3
NPM=${top_builddir:-$LIB/../../build}/tests/npm
CLIENT_CONFIG=("access_format = '%m %U%q %s %B %{range}i'" 'listing = true')
OUTER_HOME=$HOME
export HOME=$DIR/home # the files that clients write
mkdir "$HOME"
export no_proxy=127.0.0.1,localhost,::1 NO_PROXY=127.0.0.1,localhost,::1

[ -z "$SANITIZED" ] || skip_all "the plain suite runs the clients"

missing() { # REASON
	[ -n "${RANGED_CLIENTS:-}" ] || skip_all "$1; with RANGED_CLIENTS=1 that is a failure"
	echo "Bail out! $1"
	exit 1
}

need_client() { # COMMAND PACKAGE
	command -v "$1" >/dev/null || missing "needs $1 (the package $2)"
	diag "$2 $(dpkg-query -W -f '${Version}' "$2" 2>/dev/null)"
}

need_module() { # MODULE PACKAGE
	"$PYTHON" -c "import $1" 2>/dev/null || missing "needs Python's $1 (the package $2)"
	diag "$2 $(dpkg-query -W -f '${Version}' "$2" 2>/dev/null)"
}

# NAME...: makes packages of npm available to scripts in $DIR.
need_npm() {
	local name absent=
	need_client node nodejs
	for name; do [ -e "$NPM/installed" ] && [ -d "$NPM/node_modules/$name" ] || absent=$name; done
	if [ -n "$absent" ]; then
		[ -n "${RANGED_CLIENTS:-}" ] || skip_all "needs $absent of npm; RANGED_CLIENTS=1 installs it"
		command -v npm >/dev/null || missing "needs npm for $absent"
		mkdir -p "$NPM"
		# All packages are installed at once, under a lock, because two npm processes in one directory disturb
		# each other.
		(flock 9 && { [ -e "$NPM/installed" ] || { HOME=$OUTER_HOME timeout 120 npm install --prefix "$NPM" --no-audit --no-fund --no-save \
			--no-package-lock "${npm_packages[@]}" && touch "$NPM/installed"; }; }) 9>"$NPM/lock" >"$DIR/npm.log" 2>&1 </dev/null ||
			missing "npm cannot install $absent: $(tail -n 1 "$DIR/npm.log")"
	fi
	ln -s "$NPM/node_modules" "$DIR/node_modules"
	for name; do diag "$name $(sed -n 's/^ *"version": "\(.*\)",*$/\1/p' "$NPM/node_modules/$name/package.json" | head -n 1)"; done
}
npm_packages=(geotiff pmtiles hyparquet hyparquet-writer zarrita hls.js)

# LINE...: serves $ROOT with these lines of configuration and those for every client.
serve() {
	config "${CLIENT_CONFIG[@]}" "$@"
	start_ranged
}

# REGEX: prints the number of matching requests. The log is written after the responses, so the server must be stopped
# before.
asked() { grep -cE -- "$1" "$DIR/access.log"; }
# For a server that continues: waits until the log is complete.
mark_log() {
	MARK=$((${MARK:-0} + 1))
	curl -s -o /dev/null "http://$ADDRESS/mark-$MARK"
	await 10 grep -q "/mark-$MARK " "$DIR/access.log"
}

# --- a directory tree for clients that read listings ---

TREE_NAMES=('a b' 'a#b' 'a?b' 'a&b' "a'b" 'a"b' $'new\nline' '-dash' 'col:on' 'http:x' 'httpd.conf' 'a+b' 'a;b' 'a=b' 'a,b' 'a\b' '(1)' '[x]' 'a*b' '{x}' 'a|b' 'a<b>'
	'100%' 'x%41y' '@home' '_meta' 'index.htm' ' lead' 'trail ' 'äöü' 'é€' "$(printf 'n%.0s' {1..200})" 'C=D' 'S=A')
TREE_FOLDERS=('di r' 'di&r' "di'r" 'di%r' 'dï' '-dir' 'nest/a/b/c')

# [COUNT [NAME...]]: makes files with unusual names in $ROOT/tree, except the given ones, also in directories with such
# names; an empty directory; and a directory with COUNT (1,200) files.
make_tree() {
	local name count=${1:-1200}
	mkdir -p "$ROOT/tree/empty" "$ROOT/tree/many"
	for name in "${TREE_NAMES[@]}"; do printf 'content of %s' "$name" >"$ROOT/tree/$name"; done
	for name in "${@:2}"; do rm "$ROOT/tree/$name"; done
	for name in "${TREE_FOLDERS[@]}"; do
		mkdir -p "$ROOT/tree/$name"
		printf 'content in %s' "$name" >"$ROOT/tree/$name/f x"
	done
	# shellcheck disable=SC2016
	perl -e 'chdir $ARGV[0] or die; for (1 .. $ARGV[1]) { open my $out, ">", "f$_" or die; print $out "file $_\n" }' "$ROOT/tree/many" "$count"
	TREE_COUNT=$(find "$ROOT/tree" -type f -printf x | wc -c)
}

# DIRECTORY [NAME]: checks that a copy has exactly the files of $ROOT/tree, apart from listings and empty directories.
same_tree() {
	find "$1" -name 'index.html*' -delete
	find "$1" "$ROOT/tree" -type d -empty -delete
	is "$(find "$1" -type f -printf x | wc -c)" "$TREE_COUNT" "${2:-$1}: each file exists once"
	ok "${2:-$1}: the files are correct" diff -r "$ROOT/tree" "$1"
	mkdir -p "$ROOT/tree/empty"
}
