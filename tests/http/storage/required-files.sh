#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# require names files that must exist below a root. While one is missing, requests are answered with 503, /readyz names
# the root, the file and the reason, and nothing is evicted. An empty directory is never served or listed.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

mkdir "$DIR/srv" "$DIR/srv/empty" "$DIR/beside"
make_file a.bin 100000
mv "$ROOT" "$DIR/srv/full"
SRV=$DIR/srv
ln -s empty "$SRV/current"
printf beside >"$DIR/beside/a.bin"
: >"$DIR/beside/here"
ROOT=
config "root = \"$SRV/current\"" 'require = "/.mounted"' 'listing = true' 'cache_status = true' \
	"site \"b.example\" { root = \"$DIR/beside\" require = \"/here\" }" \
	'site "c.example" { require = {"/.mounted", "/sub/c"} }'
control_clock
start_with_admin
later() { advance 1; await 5 "$@"; } # roots are looked up once a second
has() { get "$@"; [ "$STATUS" = "$EXPECTED" ]; }
ready() { ask_admin /readyz; [ "$STATUS" = "$1" ] && { [ $# -lt 2 ] || grep -qF "$2" "$BODY"; }; }
switch_to() { ln -s "$1" "$SRV/next" && mv -T "$SRV/next" "$SRV/current"; }

# A mount that is missing at the start.
for path in /a.bin / /absent; do
	get "$path"
	is "$STATUS $(header Retry-After)" "503 1" "without the required file, $path is 503"
done
get / -I
is "$STATUS" 503 "HEAD is 503, too"
get /a.bin -H 'Host: b.example'
is "$STATUS $(cat "$BODY")" "200 beside" "another root is served"
ask_admin /readyz
is "$STATUS $(cat "$BODY")" "503 root $SRV/current: the required file /.mounted: No such file or directory" "/readyz names the root, the file and the reason"
take_numbers
is "$(metric "ranged_root_ready{root=\"$SRV/current\"}") $(metric "ranged_root_ready{root=\"$DIR/beside\"}") $(metric ranged_ready)" "0 1 0" \
	"the metrics have the state of each root"
is "$(status_value root_list.0.path) $(status_value root_list.0.ready)" "$SRV/current 0" "/status has the state"
like "$(status_value root_list.0.reason)" 'required file /.mounted' "/status has the reason"

# The filesystem is mounted. A site without a root adds its files to those of the root of the top level.
switch_to full
: >"$SRV/full/.mounted"
ok "every required file must exist" later ready 503 'required file /sub/c'
mkdir "$SRV/full/sub"
: >"$SRV/full/sub/c"
EXPECTED=200
ok "with all required files, the root is served" later has /a.bin
cmp_whole "$SRV/full/a.bin" "the body is correct"
ok "/readyz reports 200" ready 200
get /a.bin
like "$(header Cache-Status)" 'hit' "the file is in the cache"

# The file is removed, and the path leads to the empty directory.
for change in 'rm full/.mounted' 'ln -sfn empty current' 'mv full away'; do
	(cd "$SRV" && : >full/.mounted && ln -sfn full current)
	EXPECTED=200
	ok "$change: the root is served before" later has /a.bin
	(cd "$SRV" && $change)
	EXPECTED=503
	ok "$change: requests are answered with 503" later has /a.bin
	get /
	is "$STATUS" 503 "$change: the listing is 503"
	(cd "$SRV" && { [ ! -d away ] || mv away full; } && : >full/.mounted && ln -sfn full current)
	EXPECTED=200
	ok "$change: the root is served again" later has /a.bin
	like "$(header Cache-Status)" 'hit' "$change: the file is still in the cache"
done

# A reload does not serve the empty directory either.
rm "$SRV/full/.mounted"
EXPECTED=503
ok "the root is not served" later has /a.bin
config "root = \"$SRV/current\"" 'require = {"/.mounted", "/other"}' 'listing = true'
reload_ranged
has /a.bin
ok "the root is not served after a reload with another list" has /
ok "/readyz reports 503" ready 503 '/.mounted'
like "$("$RANGED" --check --config "$DIR/ranged.conf" 2>&1)" "warning: root $SRV/current: the required file /.mounted: No such file.*ok" "--check warns of the missing file"
config "root = \"$SRV/current\"" 'require = "/.mounted"' 'site "b.example" { require = "" }'
reload_ranged
: >"$SRV/full/.mounted"
EXPECTED=200
ok "the root is served" later has /a.bin

invalid() { # VALUE WHY
	printf 'root = /\nrequire = %s\n' "$1" >"$DIR/bad.conf"
	like "$("$RANGED" --check --config "$DIR/bad.conf" 2>&1)" "bad.conf:2: require: .*$2" "$1 is rejected with the line"
}
invalid '"mounted"' 'must begin with a slash'
invalid '"/"' 'not the path of a file'
invalid '"/a/../b"' 'paths are normalised'
invalid '"/a/"' 'a path that ends in a slash is not a file'
invalid '{}' 'the list is empty'
finish
