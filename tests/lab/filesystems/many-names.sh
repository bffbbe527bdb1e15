#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 200,000 names on a tmpfs need at most 256 bytes each and their paths. Paths that lead to no file need no memory.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../../http/names.sh
. "$LIB/names.sh"
[ -z "$SANITIZED" ] || skip_all "the memory of a sanitizer would be counted"

COUNT=200000
CACHE=8M
mount -t tmpfs none "$ROOT" || exit
make_links $COUNT
LOGS=
config "name_cache = $((COUNT * 11 / 10))"
start_ranged --workers 2 --error-log "$DIR/error.log"
request_links 0 1999 200 "the first names are found"
measure_links
request_links $COUNT $((COUNT + 59999)) 404 "other paths are 404"
at_most $(($(rss_kib) - known)) 512 "paths that do not exist need no memory (KiB)"
finish
