#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A replaced or rewritten file is served with its new tag after at most 1 s, and each body is the version of its tag.
. "$(dirname "$0")/../lib.sh"

control_clock
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
	new=W/$(etag_of "$ROOT/a.bin")
	advance 1
	get /a.bin
	is "$(header ETag)" "${new#W/}" "$how: the response has the new tag after 1 s"
	isnt "$new" "$old" "the new tag differs from the old one"
	cmp_whole a.bin "$how: the body is the new version"
done
finish
