#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --version names the libraries in use, --help the options, and a wrong option is refused.
. "$(dirname "$0")/../lib.sh"

ranged() { "$RANGED" "$@" </dev/null 2>&1; }

out=$(ranged --version)
is $? 0 "--version"
like "$out" '^ranged [0-9]+\.[0-9]+' "of ranged"
like "$out" 'libmicrohttpd [0-9]+\.[0-9]+\.[0-9]+' "of libmicrohttpd"
like "$out" $'\nlibaio [0-9]+(\.[0-9]+)+$' "of libaio"
out=$(ranged --help)
is $? 0 "--help"
for option in --config --listen --workers --cache-size --address-file --check --log-level --version; do
	like "$out" " $option" "it has $option"
done
out=$(ranged --no-such-option)
isnt $? 0 "an unknown option"
like "$out" no-such-option "is named"
out=$(ranged "$ROOT" "$ROOT")
isnt $? 0 "two roots"
finish
