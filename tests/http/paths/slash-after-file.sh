#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A path of a regular file with a trailing slash is answered with 404.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100 dir/b.bin 100
start_ranged

for target in /a.bin/ /a.bin// /dir/b.bin/ /a.bin/. /a.bin/x '/a.bin/?x' /dir/b.bin/..; do
	get "$target"
	is "$STATUS" 404 "$target is 404"
done
get /a.bin
is "$STATUS" 200 "the path without a slash is served"
finish
