#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Consecutive slashes are equivalent to one.
. "$(dirname "$0")/../lib.sh"

make_text a.txt a
make_text dir/b.txt b
start_ranged

for target in //a.txt ///a.txt //dir/b.txt /dir//b.txt /dir////b.txt //dir//.//b.txt; do
	get $target
	is "$STATUS" 200 "$target is served"
done

# A redirection must not begin with two slashes, because clients would contact another server.
get //dir
is "$STATUS" 301 "//dir is redirected"
isnt "$(header Location | cut -c 1-2)" // "the redirection leads to the same server"
finish
