#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A folder that may not be read is 403, an empty one has a page that says so.
. "$(dirname "$0")/../lib.sh"

make_file closed/a 1 through/a 100
mkdir "$ROOT/empty"
chmod 000 "$ROOT/closed"
chmod 311 "$ROOT/through"
if [ "$(id -u)" = 0 ]; then
	need_cmd setpriv
	PREFIX=(setpriv --bounding-set='-dac_override,-dac_read_search')
	chown 12345 "$ROOT/through"
fi
config 'listing = true'
start_ranged
for target in /closed/ /through/ "/through/?format=json"; do
	get "$target"
	is "$STATUS" 403 "$target may not be read"
done
get /through/a
is "$STATUS" 200 "but what is in it may be"
get /empty/
is "$STATUS" 200 "an empty folder"
like "$(cat "$BODY")" 'This folder is empty' "says so"
get "/empty/?format=json"
is "$(cat "$BODY")" $'{"path":"/empty/","total":0,"folders":0,"files":0,"offset":0,"entries":[\n]}' "and in JSON"
like "$(header ETag)" '^W/"' "it has a tag, too"
chmod 755 "$ROOT/closed" "$ROOT/through"
finish
