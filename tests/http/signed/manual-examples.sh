#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The programs in ranged-sign(1) for other languages make URLs that ranged accepts. The test extracts them from the
# manual and runs them.
. "$(dirname "$0")/../lib.sh"
need_cmd openssl

manual=$LIB/../../man/ranged-sign.1
recipe() { # TITLE-PATTERN: prints the first literal block after this title
	awk -v title="$1" '/^\.S[hs] / { on = $0 ~ "^.S[hs] " title } on && /^\.Ed/ { exit } on && inside
		on && /^\.Bd/ { inside = 1 }' "$manual" | sed 's/\\e/\\/g; s/\\&//g'
}

make_text 'plain/x.bin' plain
make_text "d/a b%3F+'~é&=.bin" odd
make_keys "$(recipe 'OTHER LANGUAGES')"
config "sign_keys = \"$DIR/keys\""
start_ranged

# NAME COMMAND SUFFIX [no-odd]: runs the program with this command
try() {
	local program="$DIR/recipe.$3"
	if ! command -v "$2" >/dev/null; then
		diag "there is no $2 here: the program for $1 is not run"
		return
	fi
	recipe "$1" >"$program"
	# shellcheck disable=SC2086
	get "$($2 ${4:-} "$program" /plain/x.bin 2>"$DIR/said")"
	is "$STATUS $(cat "$BODY")" "200 plain" "$1: a plain name"
	[ "$STATUS" = 200 ] || diag "$(cat "$DIR/said")"
	[ "$1" != Shell ] || return
	# shellcheck disable=SC2086
	get "$($2 ${4:-} "$program" "/d/a b%3F+'~é&=.bin" 2>>"$DIR/said")"
	is "$STATUS $(cat "$BODY")" "200 odd" "$1: a name that must be escaped"
}

export HOME=$DIR GOCACHE=$DIR/go-cache GOFLAGS=-mod=mod GO111MODULE=off
try Shell sh sh
try Python python3 py
try JavaScript node js
try PHP php php
try Perl perl pl
try Go go go run
at_least "$TESTS" 3 "at least the programs for the shell and for Perl were run"
finish
