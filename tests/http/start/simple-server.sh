#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# At a terminal, "ranged", "ranged PORT" and "ranged DIRECTORY" work like the simple file servers of other tools: they
# serve the current or the given directory, list it, print each request, and stop at Ctrl-C.
. "$(dirname "$0")/../lib.sh"
. "$LIB/terminal.sh"

make_file a.bin 100 down/b.bin 10
make_text .secret hidden
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "0.0.0.0")->sockport')
use_address "127.0.0.1:$port"

start_typed "$ROOT" "$port" --address-file "$DIR/address"
ok "the current directory is named" grep -F "serves $ROOT" <(seen)
ok "its address is named" grep -F "http://127.0.0.1:$port/" <(seen)
get /
is "$STATUS" 200 "the current directory is listed"
get /a.bin
cmp_whole a.bin
get /.secret
is "$STATUS" 404 "hidden files are not served"
ok "each request is printed" await 5 grep -F '"GET /.secret HTTP/1.1" 404' "$DIR/terminal"
like "$(cat "$DIR/address")" "^(\[::\]|0\.0\.0\.0):$port\$" "a port alone is one of all addresses"
# A download that does not end by itself.
head -c 8M /dev/zero >"$ROOT/large.bin"
curl -sS -N --limit-rate 1000 -o "$DIR/part" "$URL/large.bin" 2>/dev/null &
await 10 test -s "$DIR/part"
begin=$SECONDS
press_ctrl_c
end_typed
is $EXIT 0 "Ctrl-C: the exit status is 0"
at_most $((SECONDS - begin)) "$(seconds 15)" "Ctrl-C does not wait for downloads"
is "$(seen | tail -n 1)" Stopped. "Ctrl-C: the last line says so"
is "$(seen | grep -E '(warning|error): ' | grep -v 'running as root')" "" "there are no warnings"

for arguments in "$port down" "down $port" "./down 127.0.0.1:$port" "*:$port down"; do
	set -f
	# shellcheck disable=SC2086
	start_typed "$ROOT" $arguments
	set +f
	get /b.bin
	cmp_whole down/b.bin "ranged $arguments: the file has the right bytes"
	press_ctrl_c
	end_typed
	is $EXIT 0 "ranged $arguments: Ctrl-C ends it"
done

start_typed "$ROOT" "127.0.0.1:$port"
ok "a private address: the command for other devices is named" grep -F "run in this directory: ranged $port" <(seen)
start=$PID
# shellcheck disable=SC2016
OUT=$(cd "$ROOT" && script -qec "$RANGED 127.0.0.1:$port" /dev/null </dev/null | tr -d '\r')
like "$OUT" "cannot listen on 127\.0\.0\.1:$port: Address already in use; try another port, for example \"ranged 127\.0\.0\.1:$((port + 1))\"" \
	"a port that is in use: another one is suggested, for the same address"
kill -HUP "$start"
end_typed
is $EXIT 0 "a closed terminal ends the server"

refused() { # NAME FIXED-TEXT ARGUMENT...
	local out status
	out=$(cd "$ROOT" && timeout "$(seconds 10)" script -qec "$(printf ' %q' "$RANGED" "${@:3}")" /dev/null </dev/null 2>&1 | tr -d '\r')
	ok "$1" grep -F -- "$2" <<<"$out"
}
mkdir "$ROOT/2024"
refused "a directory whose name is a port is not taken for a port" 'write "./2024" to serve the directory' 2024
refused "a port that is too large" '"70000" is neither a directory nor an address: the port is more than 65535' 70000
refused "an address of another server" 'write ":8000"' http://:8000
refused "a file" "not a directory; give the directory that contains the file" a.bin
refused "two directories" "only one ROOT is allowed" . down
cd "$ROOT" || exit
OUT=$("$RANGED" --check 2024 </dev/null 2>&1)
is $? 64 "the same holds without a terminal"
OUT=$("$RANGED" --check "$port" </dev/null 2>&1)
is "$? ${OUT##*$'\n'}" "0 command line: ok" "a port alone serves the current directory, also without a terminal"
finish
