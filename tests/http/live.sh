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
	[ "$(browser 'eval 1')" = 1 ] || skip_all "chromium does not start here: $(head -n 1 "$DIR/browser")"
	SEEN=1
}

# STEP: runs a step and prints its output of one line. It is called in a subshell, so the caller increments SEEN, as see does.
browser() {
	printf '%s\n' "$1" >&7
	await 60 browser_said $((SEEN + 1)) && sed -n "$((SEEN + 1))p" "$DIR/seen"
}
browser_said() { [ "$(wc -l <"$DIR/seen")" -ge "$1" ] || ! kill -0 "$BROWSER"; }

# STEP: runs a step without output.
browse() { printf '%s\n' "$1" >&7; }

# STEP: runs a step and sets SAID to its output.
see() {
	SAID=$(browser "$1")
	SEEN=$((SEEN + 1))
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
