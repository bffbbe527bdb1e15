#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key hide: hidden paths are answered with 404.
. "$(dirname "$0")/../lib.sh"

make_file a.key 10 a.txt 10 secret/a.txt 10 d/secret/b.txt 10 d/a.bak 10 d/index.html 10 e/f/a.txt 10
config 'hide = {"*.key", "secret", "/e/f/*"}' 'location "/d/" { hide = {"*.bak", "index.html"} }'
start_ranged
for path in /a.key /secret/a.txt /secret/ /secret /d/secret/b.txt /e/f/a.txt /d/a.bak /d/ /a%2ekey /d/../a.key; do
	get $path
	is "$STATUS" 404 "$path is hidden"
done
get /a.txt
is "$STATUS" 200 "another path is served"
make_file a.bak 10
get /a.bak
is "$STATUS" 200 "a path that one location hides is served in another"
config 'hide = {"/secret/", "/d"}'
stop_ranged
start_ranged
get /secret/a.txt
is "$STATUS" 404 "a directory can be written with a slash"
printf 'hide = "a/b"\n' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: hide: " \
	"a pattern with a slash must begin with one"
config 'hide = "*.key"'
stop_ranged
start_ranged
get /absent
head -c 100 "$BODY" >"$DIR/absent"
get /a.key
ok "the response is that for a missing file" cmp "$DIR/absent" "$BODY"
finish
