#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key download: browsers save the file under its name (RFC 6266, RFC 8187).
. "$(dirname "$0")/../lib.sh"

make_file plain.bin 10 'a b"c.bin' 10 'é€.txt' 10 'x%y;z.bin' 10
config 'download = true'
start_ranged
named() { get "$1"; header Content-Disposition; }
is "$(named /plain.bin)" 'attachment; filename="plain.bin"' "a plain name is sent as it is"
is "$(named /a%20b%22c.bin)" "attachment; filename=\"a b_c.bin\"; filename*=UTF-8''a%20b%22c.bin" \
	"a quote is replaced, and the exact name follows"
is "$(named /%C3%A9%E2%82%AC.txt)" "attachment; filename=\"_____.txt\"; filename*=UTF-8''%C3%A9%E2%82%AC.txt" \
	"letters beyond ASCII are replaced, and the exact name follows"
is "$(named /x%25y%3Bz.bin)" "attachment; filename=\"x_y;z.bin\"; filename*=UTF-8''x%25y%3Bz.bin" \
	"a percent sign is replaced, and the exact name follows"
get_range 0-1 /plain.bin
is "$STATUS $(header_count Content-Disposition)" "206 1" "a range has Content-Disposition"
get /absent
is "$STATUS $(header_count Content-Disposition)" "404 0" "an error response has no Content-Disposition"
mkdir "$DIR/saved"
(cd "$DIR/saved" && curl -sSOJ "$URL/plain.bin")
ok "curl -OJ saves the file under its name" cmp "$ROOT/plain.bin" "$DIR/saved/plain.bin"
finish
