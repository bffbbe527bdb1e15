# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A browser that stays, for pages that change; behind lib.sh.
# shellcheck disable=SC2034 # what is set here is for the tests

# Sets up chromium.pl; skips the test where it does not start.
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

# STEP: does it and prints what that prints, one line. In a subshell, so the caller counts: SEEN=$((SEEN + 1)), as see does.
browser() {
	printf '%s\n' "$1" >&7
	await 60 browser_said $((SEEN + 1)) && sed -n "$((SEEN + 1))p" "$DIR/seen"
}
browser_said() { [ "$(wc -l <"$DIR/seen")" -ge "$1" ] || ! kill -0 "$BROWSER"; }

# STEP that prints nothing
browse() { printf '%s\n' "$1" >&7; }

# STEP: sets SAID to what it prints.
see() {
	SAID=$(browser "$1")
	SEEN=$((SEEN + 1))
}

# CONDITION [VALUE]: waits in the page until it holds; SAID is the value then, or "late".
see_until() {
	see "eval new Promise(done => { const end = Date.now() + $(seconds 20) * 1000, look = () => { if ($1) done(${2:-true}); else if (Date.now() > end)\
 done('late'); else setTimeout(look, 50) }; look() })"
}

close_browser() {
	browse end # what runs in the background may hold the pipe open
	exec 7>&-
	wait "$BROWSER"
}
