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

# FIRST LAST STATUS TITLE
request_links() {
	is "$(perl "$LIB/pipeline.pl" "$ADDRESS" 4 HEAD "$LINKS" "$1" "$2")" "$3 $(($2 - $1 + 1))" "$4"
}
request_links 0 1999 200 "the first names are found"
before=$(rss_kib)
request_links 2000 $((COUNT - 1)) 200 "all names are found"
known=$(rss_kib)
each=$(((known - before) * 1024 / (COUNT - 2000)))
diag "$each bytes for each name, $((known - before)) KiB in sum"
# The paths have 12 bytes.
at_most $each $((256 + 12)) "memory per name"
request_links $COUNT $((COUNT + 59999)) 404 "other paths are 404"
at_most $(($(rss_kib) - known)) 512 "paths that do not exist need no memory (KiB)"
finish
