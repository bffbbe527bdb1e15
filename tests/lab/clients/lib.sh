# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The harness of the tests that run programs of others, as they are, against ranged; on top of that of the HTTP tests. A test is skipped
# where its client is not installed. With RANGED_CLIENTS=1 it fails there, and packages of npm are installed by name into
# $top_builddir/tests/npm; those of Debian are listed in .ci/run (client_needs). Sanitizers are for other tests.
#
# Each request is one line of $DIR/access.log: method, path with its query, status, bytes sent, the Range field ("-": none).

# shellcheck source=../../http/lib.sh
[ -n "${LAB:-}" ] || . "$(dirname "${BASH_SOURCE[0]}")/../../http/lib.sh"

# Where modules of Debian's packages are found, whatever else is called python3.
PYTHON=/usr/bin/python3
NPM=${top_builddir:-$LIB/../../build}/tests/npm
CLIENT_CONFIG=("access_format = '%m %U%q %s %B %{range}i'" 'listing = true')
OUTER_HOME=$HOME
export HOME=$DIR/home # what clients keep of their own
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

# NAME...: packages of npm, which Node finds from scripts in $DIR.
need_npm() {
	local name absent=
	need_client node nodejs
	for name; do [ -e "$NPM/installed" ] && [ -d "$NPM/node_modules/$name" ] || absent=$name; done
	if [ -n "$absent" ]; then
		[ -n "${RANGED_CLIENTS:-}" ] || skip_all "needs $absent of npm; RANGED_CLIENTS=1 installs it"
		command -v npm >/dev/null || missing "needs npm for $absent"
		mkdir -p "$NPM"
		# All packages at once and under a lock: two npm in one folder disturb each other.
		(flock 9 && { [ -e "$NPM/installed" ] || { HOME=$OUTER_HOME timeout 120 npm install --prefix "$NPM" --no-audit --no-fund --no-save \
			--no-package-lock "${npm_packages[@]}" && touch "$NPM/installed"; }; }) 9>"$NPM/lock" >"$DIR/npm.log" 2>&1 </dev/null ||
			missing "npm can't install $absent: $(tail -n 1 "$DIR/npm.log")"
	fi
	ln -s "$NPM/node_modules" "$DIR/node_modules"
	for name; do diag "$name $(sed -n 's/^ *"version": "\(.*\)",*$/\1/p' "$NPM/node_modules/$name/package.json" | head -n 1)"; done
}
npm_packages=(geotiff pmtiles hyparquet hyparquet-writer zarrita hls.js)

# Serves $ROOT with these lines of configuration besides those of every client.
serve() {
	config "${CLIENT_CONFIG[@]}" "$@"
	start_ranged
}

# REGEX: how many requests of the access log match. The log is written behind the answers: who counts stops the server before.
asked() { grep -cE -- "$1" "$DIR/access.log"; }
# For one that goes on: the log is complete up to here.
mark_log() {
	MARK=$((${MARK:-0} + 1))
	curl -s -o /dev/null "http://$ADDRESS/mark-$MARK"
	await 10 grep -q "/mark-$MARK " "$DIR/access.log"
}

# --- a tree for clients that read listings ---

TREE_NAMES=('a b' 'a#b' 'a?b' 'a&b' "a'b" 'a"b' $'new\nline' '-dash' 'col:on' 'http:x' 'httpd.conf' 'a+b' 'a;b' 'a=b' 'a,b' 'a\b' '(1)' '[x]' 'a*b' '{x}' 'a|b' 'a<b>'
	'100%' 'x%41y' '@home' '_meta' 'index.htm' ' lead' 'trail ' 'äöü' 'é€' "$(printf 'n%.0s' {1..200})" 'C=D' 'S=A')
TREE_FOLDERS=('di r' 'di&r' "di'r" 'di%r' 'dï' '-dir' 'nest/a/b/c')

# [COUNT [NAME...]]: files of all these names in $ROOT/tree, but the ones that a client can't have; in folders of such names; an empty folder;
# one of so many files (1,200).
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

# FOLDER [NAME]: has the files of $ROOT/tree and nothing else but listings; empty folders are not compared.
same_tree() {
	find "$1" -name 'index.html*' -delete
	find "$1" "$ROOT/tree" -type d -empty -delete
	is "$(find "$1" -type f -printf x | wc -c)" "$TREE_COUNT" "${2:-$1}: all files, once"
	ok "${2:-$1}: and their bytes" diff -r "$ROOT/tree" "$1"
	mkdir -p "$ROOT/tree/empty"
}
