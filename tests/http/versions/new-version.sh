#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A replaced or rewritten file is served under its new tag at most 1 s later, and each body is that of its tag.
. "$(dirname "$0")/../lib.sh"

start_ranged

renew() { # HOW SIZE
	perl "$LIB/pattern.pl" - "$1$2" "$2" >"$DIR/next"
	case $1 in
	rename) mv "$DIR/next" "$ROOT/a.bin" ;;
	rewrite) cat "$DIR/next" >"$ROOT/a.bin" ;;
	touch) touch "$ROOT/a.bin" ;;
	esac
}

renew rename 50000
for how in rename rewrite rename touch rewrite; do
	get /a.bin
	old=$(header ETag)
	sleep 0.1
	renew $how $((50000 + RANDOM))
	start=$(date +%s%3N)
	new=W/$(etag_of "$ROOT/a.bin")
	changed() {
		get /a.bin
		[ "$(header ETag)" = "$new" ] || [ "$(header ETag)" = "${new#W/}" ]
	}
	ok "$how: the new tag comes" await 3 changed
	isnt "$new" "$old" "it is another one"
	at_most $(($(date +%s%3N) - start)) "$(seconds 2000)" "$how: within a second, and one for a busy machine"
	cmp_whole a.bin "$how: with the new bytes"
done
finish
