#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# All location blocks that match a path are merged. A key of an outer block applies unless an inner block sets it.
. "$(dirname "$0")/../lib.sh"

make_file a/b/x.bin 1000 a/x.txt 1000 x.bin 1000
config 'header = {"X-Top: 1", "X-Who: top"}' 'cache_control = "max-age=1"' \
	'location "/a/b" { header = "X-Who: b" }' \
	'location "/a" { header = {"X-Who: a", "X-A: 1"}' ' cache_control = "max-age=2" }' \
	'location "*.txt" { header = "X-Who: glob" }' \
	'location "/*/x.*" { header = "X-Deep: 1" }'
start_ranged
get /x.bin
is "$(header X-Who) $(header X-Top) $(header Cache-Control)" "top 1 max-age=1" \
	"a path without a block has the settings of the top level"
is "$(header_count X-A)" 0 "blocks do not affect other paths"
get /a/b/x.bin
is "$(header X-Who)" b "the longer prefix takes precedence, independent of the order of blocks"
is "$(header X-Top) $(header X-A) $(header X-Deep)" "1 1 1" "other fields of the outer blocks apply"
is "$(header Cache-Control)" "max-age=2" "other keys of the shorter prefix apply"
get /a/x.txt
is "$(header X-Who) $(header X-A)" "glob 1" "a glob takes precedence over prefixes"
is "$(header_count X-Who)" 1 "a field that is set twice occurs once"
get /ab
is "$(header_count X-A)" 0 "a prefix consists of whole path segments"
get /a%2e/../a/b/./x.bin
is "$(header X-Who)" b "the decoded and normalized path is compared"
finish
