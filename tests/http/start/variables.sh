#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Environment variables in the configuration: values, defaults, and the error for a variable that is not set.
. "$(dirname "$0")/../lib.sh"

make_file hello.bin 10007
cat >"$DIR/variables.conf" <<-'END'
	root = ${FILES}
	cache_size = ${CACHE:-16M}
	location /hello.bin { header = "X-Node: ${NODE:-none}" }
END
check() { OUT=$(env "$@" "$RANGED" --check -c "$DIR/variables.conf" 2>&1 </dev/null); }

check CACHE=8M
isnt $? 0 "a variable that is not set is rejected"
like "$OUT" "variables\.conf:1: the environment variable FILES is not set" "the message names the line and the variable"
check FILES="$ROOT" CACHE=8X
isnt $? 0 "an invalid value is rejected"
like "$OUT" 'variables\.conf:2: cache_size: "8X" is not a valid size' "the message shows the value of the variable"
check FILES="$ROOT" NODE=one
is $? 0 "set variables and defaults are accepted"
like "$OUT" 'variables\.conf:2: \$\{CACHE\} = "16M" \(default\)' "--check shows a default"
like "$OUT" 'variables\.conf:3: \$\{NODE\} = "one"' "--check shows a value"

export FILES=$ROOT NODE=$'n1"\n\tworkers = 7'
check
isnt $? 0 "a line end in a value does not begin another setting"
like "$OUT" 'variables\.conf:3: header:' "the line end is a part of the header, which is invalid"
export NODE=n1
start_ranged -c "$DIR/variables.conf"
get /hello.bin
cmp_whole hello.bin "the root of the variable is served"
is "$(header X-Node)" n1 "the header has the value of the variable"
finish
