#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --check says what is wrong with a configuration, where, and what was perhaps meant.
. "$(dirname "$0")/../lib.sh"

check() { # LINE...: sets OUT and STATUS
	printf '%s\n' "$@" >"$DIR/check.conf"
	OUT=$("$RANGED" --check -c "$DIR/check.conf" "$ROOT" 2>&1 </dev/null)
	STATUS=$?
}

check '# a comment' 'workers = 2' 'listen = {"127.0.0.1:0", "[::1]:0", "unix:/tmp/x"}' 'cache_size = 64M' 'header_timeout = 5s' \
	'location "/tiles/" { cache = pin }' 'location "/bulk" {' '  cache = never' '}'
is "$STATUS" 0 "a good one"
check
is "$STATUS" 0 "an empty one"

bad() { # NAME LINE-NUMBER REGEX LINE...
	check "${@:4}"
	isnt "$STATUS" 0 "$1 is refused"
	like "$OUT" "check\.conf:$2: " "$1: file and line"
	like "$OUT" "$3" "$1: what is wrong"
}
bad "an unknown key" 3 'cache_sise.*cache_size' '' '# x' 'cache_sise = 64M'
bad "a number that is none" 1 'workers.*many' 'workers = many'
bad "a size that can't be" 2 'cache_size.*64Q' 'workers = 1' 'cache_size = 64Q'
bad "a size that is too small" 1 'cache_size.*1K' 'cache_size = 1K'
bad "a time that is none" 1 'idle_timeout.*soon' 'idle_timeout = soon'
bad "a choice that there is not" 1 'symlinks.*benaeth.*beneath' 'symlinks = benaeth'
bad "an address that is none" 1 'listen.*nowhere' 'listen = {"nowhere"}'
bad "a port that can't be" 1 'listen.*70000' 'listen = {"127.0.0.1:70000"}'
bad "a line that can't be read" 2 '.' 'workers = 1' '= = ='
bad "a prefix without its slash" 2 'location.*tiles.*slash' '' 'location "tiles/" { cache = pin }'
bad "an unknown key in a block" 3 'chace.*cache' 'workers = 1' 'location "/tiles/" {' '  chace = pin' '}'
bad "a choice that there is not, in a block" 2 'cache.*nevr.*never' 'location "/bulk/" {' '  cache = nevr' '}'
bad "the second block of a prefix" 2 '"/a/".*line 1' 'location "/a/" { cache = pin }' 'location "/a/" { cache = pin }'
bad "a block without its end" 2 'closed' '' 'location "/a/" {' '  cache = pin'
bad "an empty list" 1 'deny: the list is empty' 'deny = {}'
bad "an empty list, in a block" 2 'allow: the list is empty' 'location "/a" {' 'allow = {} }'
bad "an empty network" 1 'allow: ""' 'allow = ""'
bad "the second of two faults" 4 'wrokers' 'workers = x' '' '' 'wrokers = 1'

OUT=$("$RANGED" --check -c "$DIR/absent.conf" "$ROOT" 2>&1 </dev/null)
isnt $? 0 "a file that is not there"
like "$OUT" absent.conf "which is named"

OUT=$("$RANGED" --check --error-log "$DIR/absent/e.log" "$ROOT" 2>&1)
isnt $? 0 "a log in a folder that is not there"
like "$OUT" "error_log: $DIR/absent/e.log: No such file" "which is named"
not_ok "and not made" test -e "$DIR/absent"

# The sample, as it is and with every default set.
sed 's/^#\([a-z_]* = \|location \)/\1/' "$LIB/../../conf/ranged.conf" >"$DIR/all.conf"
for file in "$LIB/../../conf/ranged.conf" "$DIR/all.conf"; do
	ok "${file##*/} is good" "$RANGED" --check -c "$file" "$ROOT"
done
finish
