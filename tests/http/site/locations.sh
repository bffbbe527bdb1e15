#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Blocks that are about the same path are merged: what an outer one says holds until an inner one says otherwise.
. "$(dirname "$0")/../lib.sh"

make_file a/b/x.bin 1000 a/x.txt 1000 x.bin 1000
config 'header = {"X-Top: 1", "X-Who: top"}' 'cache_control = "max-age=1"' \
	'location "/a/b" { header = "X-Who: b" }' \
	'location "/a" { header = {"X-Who: a", "X-A: 1"}' ' cache_control = "max-age=2" }' \
	'location "*.txt" { header = "X-Who: glob" }' \
	'location "/*/x.*" { header = "X-Deep: 1" }'
start_ranged
get /x.bin
is "$(header X-Who) $(header X-Top) $(header Cache-Control)" "top 1 max-age=1" "outside of all blocks"
is "$(header_count X-A)" 0 "which have no say there"
get /a/b/x.bin
is "$(header X-Who)" b "of two prefixes the longer one has the last word, wherever it stands"
is "$(header X-Top) $(header X-A) $(header X-Deep)" "1 1 1" "what the outer ones say of other fields holds"
is "$(header Cache-Control)" "max-age=2" "and so does what only the shorter one says"
get /a/x.txt
is "$(header X-Who) $(header X-A)" "glob 1" "a glob comes after prefixes"
is "$(header_count X-Who)" 1 "a field that is set again is there once"
get /ab
is "$(header_count X-A)" 0 "a prefix is made of whole names"
get /a%2e/../a/b/./x.bin
is "$(header X-Who)" b "the path is compared after it was decoded and resolved"
finish
