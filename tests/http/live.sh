# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Functions to control a browser during a test; source after lib.sh.
# shellcheck disable=SC2034 # the variables are used by the tests

# Starts chromium.pl. Skips the test if the browser does not start.
open_browser() {
	need_cmd chromium
	mkfifo "$DIR/do"
	perl "$LIB/chromium.pl" "$DIR/chromium" <"$DIR/do" >"$DIR/seen" 2>"$DIR/browser" &
	BROWSER=$!
	exec 7>"$DIR/do"
	SEEN=0
	see 'eval 1'
	[ "$SAID" = 1 ] || skip_all "chromium does not start here: $(head -n 1 "$DIR/browser")"
}

# STEP: runs a step without output.
browse() { printf '%s\n' "$1" >&7; }

# STEP: runs a step and sets SAID to its output of one line.
see() {
	printf '%s\n' "$1" >&7
	SAID=
	await 60 browser_said || diag "the browser printed nothing: $1"
	SEEN=$((SEEN + 1))
}
browser_said() {
	local lines
	mapfile lines <"$DIR/seen"
	if [[ ${lines[SEEN]-} == *$'\n' ]]; then SAID=${lines[SEEN]%$'\n'}; else ! kill -0 "$BROWSER"; fi
}

# CONDITION [VALUE]: waits in the page until the condition is true. Sets SAID to the value, or to "late" after a timeout.
see_until() {
	see "eval new Promise(done => { const end = Date.now() + $(seconds 20) * 1000, look = () => { if ($1) done(${2:-true}); else if (Date.now() > end)\
 done('late'); else setTimeout(look, 50) }; look() })"
}

close_browser() {
	browse end # background processes can keep the pipe open
	exec 7>&-
	wait "$BROWSER"
}
