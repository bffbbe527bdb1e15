#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --check reports the error in a configuration, its line, and the probable correction.
. "$(dirname "$0")/../lib.sh"

check() { # LINE...: sets OUT and STATUS
	printf '%s\n' "$@" >"$DIR/check.conf"
	OUT=$("$RANGED" --check -c "$DIR/check.conf" "$ROOT" 2>&1 </dev/null)
	STATUS=$?
}

check '# a comment' 'workers = 2' 'listen = {"127.0.0.1:0", "[::1]:0", "unix:/tmp/x"}' 'cache_size = 64M' 'header_timeout = 5s' \
	'location "/tiles/" { cache = pin }' 'location "/bulk" {' '  cache = never' '}'
is "$STATUS" 0 "a valid configuration is accepted"
check
is "$STATUS" 0 "an empty configuration is accepted"

bad() { # NAME LINE-NUMBER REGEX LINE...
	check "${@:4}"
	isnt "$STATUS" 0 "$1 is rejected"
	like "$OUT" "check\.conf:$2: " "$1: the message names the file and the line"
	like "$OUT" "$3" "$1: the message names the error"
}
bad "an unknown key" 3 'cache_sise.*cache_size' '' '# x' 'cache_sise = 64M'
bad "an invalid number" 1 'workers.*many' 'workers = many'
bad "an invalid size" 2 'cache_size.*64Q' 'workers = 1' 'cache_size = 64Q'
bad "a size that is too small" 1 'cache_size.*1K' 'cache_size = 1K'
bad "an invalid duration" 1 'idle_timeout.*soon' 'idle_timeout = soon'
bad "an unknown choice" 1 'symlinks.*benaeth.*beneath' 'symlinks = benaeth'
bad "an invalid address" 1 'listen.*nowhere' 'listen = {"nowhere"}'
bad "an invalid port" 1 'listen.*70000' 'listen = {"127.0.0.1:70000"}'
bad "a line with a syntax error" 2 '.' 'workers = 1' '= = ='
bad "a prefix without a leading slash" 2 'location.*tiles.*slash' '' 'location "tiles/" { cache = pin }'
bad "an unknown key in a block" 3 'chace.*cache' 'workers = 1' 'location "/tiles/" {' '  chace = pin' '}'
bad "an unknown choice in a block" 2 'cache.*nevr.*never' 'location "/bulk/" {' '  cache = nevr' '}'
bad "a second block with the same prefix" 2 '"/a/".*check\.conf:1' 'location "/a/" { cache = pin }' 'location "/a/" { cache = pin }'
bad "a block without an end" 2 'closed' '' 'location "/a/" {' '  cache = pin'
bad "an empty list" 1 'deny: the list is empty' 'deny = {}'
bad "an empty list in a block" 2 'allow: the list is empty' 'location "/a" {' 'allow = {} }'
bad "an empty network" 1 'allow: ""' 'allow = ""'
bad "a second error" 4 'wrokers' 'workers = x' '' '' 'wrokers = 1'

OUT=$("$RANGED" --check -c "$DIR/absent.conf" "$ROOT" 2>&1 </dev/null)
isnt $? 0 "a missing file is rejected"
like "$OUT" absent.conf "the message names the missing file"

OUT=$("$RANGED" --check --error-log "$DIR/absent/e.log" "$ROOT" 2>&1)
isnt $? 0 "a log in a missing directory is rejected"
like "$OUT" "error_log: $DIR/absent/e.log: No such file" "the message names the log"
not_ok "--check does not create the directory" test -e "$DIR/absent"

# The sample configuration, unchanged and with every default set.
sed 's/^#\([a-z_]* = \|location \)/\1/' "$LIB/../../conf/ranged.conf" >"$DIR/all.conf"
for file in "$LIB/../../conf/ranged.conf" "$DIR/all.conf"; do
	ok "${file##*/} is valid" "$RANGED" --check -c "$file" "$ROOT"
done
finish
