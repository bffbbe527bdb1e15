#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A directory with x but without r permission: files in it are served, whatever their names are. The directory is not
# listed.
. "$(dirname "$0")/../lib.sh"
need_root

mkdir "$ROOT/closed"
for name in a.bin 12.34 $'caf\xc3\xa9.txt' 'SECRET~1.KEY' 'dot.'; do
	printf '%s' "$name" >"$ROOT/closed/$name"
done
age "$ROOT/closed"/*
chmod 711 "$ROOT/closed"
chown nobody "$DIR" # for the logs and the address file
setpriv --reuid nobody --regid "$(id -gn nobody)" --clear-groups test -r "$ROOT/closed/a.bin" ||
	skip_all "the source tree is below a directory that only root may enter, so another user cannot serve it"
config 'user = nobody' 'listing = true'
start_ranged
for path in a.bin:a.bin 12.34:12.34 caf%C3%A9.txt:$'caf\xc3\xa9.txt' SECRET~1.KEY:SECRET~1.KEY dot.:dot.; do
	get "/closed/${path%%:*}"
	is "$STATUS" 200 "${path%%:*} is served"
	cmp_whole "closed/${path#*:}" "the body is correct"
done
get /closed/A.bin
is "$STATUS" 404 "another name is 404"
get /closed/
is "$STATUS" 403 "the listing is 403"
finish
