#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# "access_log = off" in a location writes no lines for its paths. "access_log = on" in an inner location writes them
# again.
. "$(dirname "$0")/../lib.sh"

make_text quiet/x x
make_text quiet/loud/x x
make_text a.ico x
make_text b x
config 'location "/quiet/" { access_log = off }' 'location "/quiet/loud/" { access_log = on }' \
	'location "*.ico" { access_log = off }' \
	'site "s.example" {' "access_log = $DIR/site.log" '}'
start_ranged
for path in /quiet/x /quiet/missing /quiet/ /a.ico /b /quiet/loud/x; do
	get $path
	get $path -H 'Host: s.example'
done
get /quiet/x -X POST
get /b
stop_ranged
paths() { grep -oE '"[A-Z]+ [^ "]*' "$1" | cut -c 2- | tr '\n' ' '; }
is "$(paths "$DIR/access.log")" "GET /b GET /quiet/loud/x GET /b " "the log of the top level has the other paths"
is "$(paths "$DIR/site.log")" "GET /b GET /quiet/loud/x " "so has the log of a site"
printf 'location "/x" { access_log = "%s/x.log" }\n' "$DIR" >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: access_log: " "a location has no log of its own"
finish
