#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Symbolic links are listed as what they lead to if a request would follow them; what is neither file nor folder is not listed.
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
is "$(listed /d/)" "to-folder/ across real to-file" "links beneath the root"
like "$(cat "$BODY")" '"name":"across".*"size":2000' "have the size of what they lead to"
is "$(listed /linked/)" "to-folder/ across real to-file" "a folder that is a link"
is "$(listed /d/to-folder/)" file "one in it"
for name in fifo outside above dangling loop; do
	get "/d/$name"
	is "$STATUS" 404 "$name is not served"
done
stop_ranged
start_ranged --config <(printf 'listing = true\nsymlinks = none\n')
is "$(listed /d/)" real "without links"
get /linked/
is "$STATUS" 404 "nor into one"
finish
