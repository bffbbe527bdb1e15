#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If a file with cached extents changes before the next request, the new version is served completely. The response is
# not an aborted one of the old version.
. "$(dirname "$0")/../lib.sh"

make_file first.bin 4000000 other.bin 4000000
start_ranged

append() { printf x >>"$1"; }
rewrite() { dd if="$ROOT/other.bin" of="$1" bs=1M conv=notrunc status=none; }
shorten() { truncate -s 3000000 "$1"; }
rewrite_and_reset() { rewrite "$1"; age "$1"; }

case_=0
for how in append rewrite shorten rewrite_and_reset; do
	for range in '' 0-3799999 0-0,2000000-2000000; do
		file=$((++case_)).bin
		cp "$ROOT/first.bin" "$ROOT/$file"
		age "$ROOT/$file"
		get_range 0-1048575 /$file
		cmp_range $file 0 1048575 "$how: the first MiB is correct"
		$how "$ROOT/$file"
		size=$(size_of "$ROOT/$file")
		if [ -n "$range" ]; then get_range "$range" /$file; else get /$file; fi
		is "$RC" 0 "$how, range [$range]: the response is not aborted"
		case $range in
		'')
			is "$STATUS $(header Content-Length)" "200 $size" \
				"$how: Content-Length is that of the new version"
			cmp_whole $file "$how: the body is the new version"
			;;
		*,*) ok "$how: the parts are those of the new version" grep -aq "^Content-Range: bytes 2000000-2000000/$size" "$BODY" ;;
		*)
			is "$STATUS" 206 "$how: the status of a range is 206"
			cmp_range $file 0 $((size > 3799999 ? 3799999 : size - 1)) \
				"$how: the range is one of the new version"
			;;
		esac
	done
done
finish
