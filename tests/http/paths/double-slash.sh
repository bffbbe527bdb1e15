#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Slashes that follow each other are one.
. "$(dirname "$0")/../lib.sh"

make_text a.txt a
make_text dir/b.txt b
start_ranged

for target in //a.txt ///a.txt //dir/b.txt /dir//b.txt /dir////b.txt //dir//.//b.txt; do
	get $target
	is "$STATUS" 200 "$target"
done

# A client must not take a doubled slash in a redirect for another server.
get //dir
is "$STATUS" 301 "//dir is redirected"
isnt "$(header Location | cut -c 1-2)" // "and not to another server"
finish
