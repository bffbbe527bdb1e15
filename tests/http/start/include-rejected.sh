#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Errors in included files are reported with their file and line, and with the place of the first of two settings.
. "$(dirname "$0")/../lib.sh"

rejects() { # EXTENDED-REGEX NAME: the file p.conf, which ranged.conf includes, is rejected with this message
	OUT=$("$RANGED" --check -c "$DIR/ranged.conf" "$ROOT" 2>&1 </dev/null)
	is $? 78 "$2: the exit status"
	like "$OUT" "$1" "$2"
}
config 'workers = 2' '' 'include = "*.d/p.conf"' 'site "a" { }'
mkdir "$DIR/x.d"
place=$DIR/x.d/p.conf

printf '\nworkers = 1\n' >"$place"
rejects "x\.d/p\.conf:2: workers: .* already set in $DIR/ranged\.conf:1" "a key that both files set"
printf 'site "a" { }\n' >"$place"
rejects "ranged\.conf:4: site: \"a\" already has a block in $place:1" "a site of both files"
printf '\n\ncach_size = 1G\n' >"$place"
rejects 'x\.d/p\.conf:3: unknown key "cach_size" \(did you mean "cache_size"' "an unknown key"
printf 'cache_size = 1X\ndotfiles = maybe' >"$place"
rejects 'x\.d/p\.conf:1: cache_size: .*'$'\n'".*x\.d/p\.conf:2: dotfiles:" "all errors of the file"
printf 'expires = 1 week\n' >"$place"
rejects 'x\.d/p\.conf:1: expires: .*week' "stray text at the end of the file"
printf 'location "/" {\n' >"$place"
rejects 'x\.d/p\.conf:1: the block that begins here does not end in this included file' "an open block"
printf '\ninclude = "../ranged.conf"\n' >"$place"
rejects "x\.d/p\.conf:2: .*ranged\.conf\" includes itself; it includes this file through $DIR/ranged\.conf:3" "a cycle"
rm "$place"
mkfifo "$place"
rejects 'ranged\.conf:3: include: .*x\.d/p\.conf" is not a regular file' "a FIFO without a writer"
rm "$place"
printf 'dotfiles = true\n' >"$place"
chmod 000 "$place"
if [ "$(id -u)" != 0 ]; then
	rejects 'ranged\.conf:3: include: .*x\.d/p\.conf": Permission denied' "a file that cannot be read"
	chmod 000 "$DIR/x.d"
	rejects 'ranged\.conf:3: include: .*' "a directory that cannot be searched"
	chmod 755 "$DIR/x.d"
fi
chmod 644 "$place"
config 'site "b" { include = "x.d/p.conf"' '}'
rejects 'x\.d/p\.conf:1: dotfiles is not allowed in a site' "a key of the top level in a snippet of a site"
finish
