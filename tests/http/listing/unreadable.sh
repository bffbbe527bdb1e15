#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An unreadable directory is answered with 403. The page of an empty directory says that it is empty.
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
	is "$STATUS" 403 "$target is unreadable"
done
get /through/a
is "$STATUS" 200 "a file in an unreadable directory is served"
get /empty/
is "$STATUS" 200 "an empty directory is listed"
like "$(cat "$BODY")" 'This folder is empty' "the page says that the directory is empty"
get "/empty/?format=json"
is "$(cat "$BODY")" $'{"path":"/empty/","total":0,"folders":0,"files":0,"offset":0,"entries":[\n]}' \
	"the JSON listing is empty"
like "$(header ETag)" '^W/"' "the listing has a tag"
chmod 755 "$ROOT/closed" "$ROOT/through"
finish
