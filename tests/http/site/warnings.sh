#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Settings that have no effect: --check names them with their line and still succeeds, and a start and a reload log them.
. "$(dirname "$0")/../lib.sh"

make_file a 10
mkdir "$DIR/other"

# warns TEXT SETTING...: --check of these lines succeeds and prints a warning that matches TEXT.
warns() {
	local text=$1 output
	shift
	printf '%s\n' "$@" >"$DIR/checked.conf"
	output=$("$RANGED" --check -c "$DIR/checked.conf" "$ROOT" 2>&1)
	is $? 0 "accepted: $*"
	like "$output" "warning: .*$text" "warning: $text"
}

# is_silent SETTING...: --check of these lines prints no warning.
is_silent() {
	printf '%s\n' "$@" >"$DIR/checked.conf"
	ok "no warning: $*" test -z "$("$RANGED" --check -c "$DIR/checked.conf" "$ROOT" 2>&1 | grep "^warning")"
}

warns 'checked.conf:1: location "/a/" has no effect: other blocks override' \
	'location "/a/" { cache = pin }' 'location "/a/*" { cache = never }'
warns 'checked.conf:1: location "/a" has no effect: other blocks override' \
	'location "/a" { expires = 1h }' 'site "a.example" { root = '"$DIR/other"' expires = 2h }' \
	'site "*" { root = '"$DIR/other"' location "/" { expires = 2h } }'
warns 'checked.conf:2: location "/a/" matches the same paths as location "/a" in .*:1' \
	'location "/a" { cache = pin }' 'location "/a/" { expires = 1h }'
warns 'checked.conf:1: location "/a/" has no effect: it has no settings' 'location "/a/" {' '}'
warns 'checked.conf:2: location "/b/\*.key" has no effect: hide = "b"' 'hide = "b"' 'location "/b/*.key" { deny = all }'
warns 'checked.conf:1: location "/.git/" has no effect: dotfiles' 'location "/.git/" { deny = all }'
warns 'checked.conf:1: location "/a/.\*" matches only names that begin with a dot.*write "/a/\*"' \
	'location "/a/.*" { deny = all }'
warns 'header: an element for "A" has no effect' 'header = {"A: 1", "A: 2"}'
warns 'try: "\{path\}" has no effect' 'try = {"{path}", "/a"}'
warns 'index: "a" is in the list twice' 'index = {"a", "b", "a"}'
warns 'allow: "10.0.0.0/8" has no effect: deny' 'allow = "10.0.0.0/8"' 'deny = "10.0.0.0/8"'
warns 'rate_after has no effect: rate' 'rate_after = 1M'
warns 'auth_realm has no effect: auth_file' 'auth_realm = x'
warns 'listing_limit has no effect: listing' 'location "/a/" { listing_limit = 5 }'
warns 'satisfy = any has no effect: auth_file' 'satisfy = any'
warns 'cache = pin has no effect: cache_size is 0' 'cache_size = 0' 'location "/a/" { cache = pin }'
warns 'mime_types: .*/absent does not exist' "mime_types = $DIR/absent"
warns 'hide: ".bak" has no effect: .*write "\*.bak"' 'hide = {".bak", ".zattrs"}'
warns 'tls has no effect: no address of listen' 'listen = ":8443"' 'tls = "/etc/cert.pem /etc/key.pem"'
warns 'root = .* outside all blocks has no effect' 'site "*" { root = '"$DIR/other"' }'

is_silent 'location "/a/" { cache = pin }' 'location "/a/b/" { cache = never }' 'location "*.b" { cache = auto }'
is_silent 'location "/a/" { header = "A: 1" }' 'location "/" { header = "A: 2" }'
is_silent 'location "/a/" { expires = 1h }' 'site "a.example" { expires = 2h }'
is_silent 'location "/.well-known/" { expires = 1h }' 'location "/a/.zattrs" { expires = 1h }'
is_silent 'dotfiles = true' 'location "/.git/" { deny = all }'
is_silent 'allow = "10.0.0.0/8"' 'deny = {"10.1.0.0/16", "all"}'
is_silent 'header = {"+A: 1", "+A: 2"}' 'try = {"{path}.html", "/a"}'

# With a comparison of each pair, each of these files takes half a minute or more.
perl -e 'print "hide = {", join(",\n", map { "\"n$_\"" } 1 .. 80000), ", \"n7\"}\n"' >"$DIR/long.conf"
for i in {1..256}; do
	perl -e 'printf "location \"/*%s$ARGV[0]\" { listing = true }\n", join "*", map { sprintf "[%c%c]", 97 + ($_ + $ARGV[0]) % 26, 97 + $_ * $ARGV[0] % 26 } 1 .. 60' "$i"
done >"$DIR/globs.conf"
[ -n "$SANITIZED" ] || like "$(timeout "$(seconds 10)" "$RANGED" --check -c "$DIR/long.conf" "$ROOT" 2>&1)" 'hide: "n7" is in the list twice' \
	"a list of 80,000 elements is checked within seconds" # a sanitizer makes the parser of lists slow
like "$(timeout "$(seconds 10)" "$RANGED" --check -c "$DIR/globs.conf" "$ROOT" 2>&1)" 'globs.conf: ok' \
	"so are globs whose comparison would take minutes"

config 'location "/.git/" { deny = all }'
start_ranged
ok "a start logs the warning" grep -q 'warning: .*location "/.git/" has no effect' "$DIR/error.log"
config 'location "/.svn/" { deny = all }'
reload_ranged
ok "a reload logs the warning" grep -q 'warning: .*location "/.svn/" has no effect' "$DIR/error.log"
finish
