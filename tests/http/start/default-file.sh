#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The default configuration file is read if neither a terminal nor the command line says what to serve.
. "$(dirname "$0")/../lib.sh"

need_root
need_cmd unshare
FILE=$("$RANGED" --help </dev/null | tr -s ' \n' ' ' | grep -o '[^ ]*/ranged/ranged\.conf')
# The file is in a mount namespace of its own.
if [ -z "${DEFAULT_FILE_NAMESPACE:-}" ]; then
	unshare --mount true 2>/dev/null || skip_all "needs mount namespaces"
	[ -d "${FILE%/ranged/*}" ] || skip_all "needs ${FILE%/ranged/*}"
	trap - EXIT
	rm -rf "$DIR"
	DEFAULT_FILE_NAMESPACE=1 exec unshare --mount bash "$0"
fi
. "$LIB/terminal.sh"
mount -t tmpfs none "${FILE%/ranged/*}" || exit
make_text which.txt typed
mkdir "$DIR/configured" "${FILE%/*}"
printf configured >"$DIR/configured/which.txt"
printf '%s\n' "root = \"$DIR/configured\"" 'listen = "127.0.0.1:0"' 'cache_size = 16M' >"$FILE"
args=(--listen 127.0.0.1:0 --address-file "$DIR/address")

start_typed "$ROOT" "${args[@]}"
use_address "$(cat "$DIR/address")"
get /which.txt
is "$(cat "$BODY")" typed "at a terminal, the current directory is served"
ok "the greeting names the file" grep -F "ranged --config $FILE" <(seen)
press_ctrl_c
end_typed

ROOT='' LISTEN='' CACHE=''
start_ranged
get /which.txt
is "$(cat "$BODY")" configured "without a terminal, the file is read"
stop_ranged
for option in --check "--explain /which.txt"; do
	ok "$option at a terminal reads the file" script -qec "$RANGED $option" "$DIR/out" </dev/null
	ok "$option names it" grep -F "$DIR/configured" <(cat "$DIR/out"; [ "$option" != --check ] || echo "$DIR/configured")
done
ok "--check names the file" grep -F "$FILE: ok" <("$RANGED" --check </dev/null)
like "$("$RANGED" --check 8000 </dev/null)" 'command line: ok' "with a port, the file is not read"
finish
