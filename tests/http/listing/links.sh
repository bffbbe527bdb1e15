#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A symbolic link is listed as its target if requests can follow it. Entries that are neither files nor directories are
# not listed.
. "$(dirname "$0")/../lib.sh"

make_file d/real 1000 other/file 2000
mkfifo "$ROOT/d/fifo"
ln -s real "$ROOT/d/to-file"
ln -s ../other "$ROOT/d/to-folder"
ln -s ../other/file "$ROOT/d/across"
ln -s /etc/passwd "$ROOT/d/outside"
ln -s ../../.. "$ROOT/d/above"
ln -s nowhere "$ROOT/d/dangling"
ln -s loop "$ROOT/d/loop"
ln -s d "$ROOT/linked"
listed() { get "$1?format=json"; perl "$LIB/links.pl" json <"$BODY" | xargs; }
config 'listing = true'
start_ranged
is "$(listed /d/)" "to-folder/ across real to-file" "links beneath the root are listed"
like "$(cat "$BODY")" '"name":"across".*"size":2000' "a link has the size of its target"
is "$(listed /linked/)" "to-folder/ across real to-file" "a directory that is reached through a link is listed"
is "$(listed /d/to-folder/)" file "a directory within it is listed"
for name in fifo outside above dangling loop; do
	get "/d/$name"
	is "$STATUS" 404 "$name is not served"
done
stop_ranged
start_ranged --config <(printf 'listing = true\nsymlinks = none\n')
is "$(listed /d/)" real "with symlinks = none links are not listed"
get /linked/
is "$STATUS" 404 "with symlinks = none a linked directory is 404"
finish
