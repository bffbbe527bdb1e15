#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The root is a symbolic link that is switched to a new directory every few seconds, while its files are requested. Each
# response is of one directory, which was current at most 2 s before the request.
. "$(dirname "$0")/../lib.sh"
. "$LIB/names.sh"

NAMES=2000
rmdir "$ROOT"
"$DIR/changes" roots "$ROOT" "$DIR/names" 0 $NAMES || exit
start_ranged --workers 4
request_names 64 all
is "$(counted 200)" $NAMES "all files are served"
all_right "without changes"
"$DIR/changes" roots "$ROOT" "$DIR/names" 8 >"$DIR/changed" 2>&1 &
CHANGES=$!
request_names 64 9
end_changes
all_right "with changes"
at_least "$(counted 200)" 100 "there are responses"
is "$(counted 403) $(counted 404) $(counted other) $(counted cut)" "0 0 0 0" "there is no other status, and no aborted response"
isnt "$(readlink "$ROOT")" www.1 "the root was switched"
finish
