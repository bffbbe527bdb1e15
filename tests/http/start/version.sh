#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --version prints the versions of the libraries, --help the options. An unknown option is rejected.
. "$(dirname "$0")/../lib.sh"

ranged() { "$RANGED" "$@" </dev/null 2>&1; }

out=$(ranged --version)
is $? 0 "--version exits with status 0"
like "$out" '^ranged [0-9]+\.[0-9]+' "the version of ranged is printed"
like "$out" 'libmicrohttpd [0-9]+\.[0-9]+\.[0-9]+' "the version of libmicrohttpd is printed"
like "$out" $'\nlong bodies: (direct|callback)\n' "the way of sending long bodies is printed"
like "$out" $'\nlibaio [0-9]+(\.[0-9]+)+$' "the version of libaio is printed"
out=$(ranged --help)
is $? 0 "--help exits with status 0"
for option in --config --listen --workers --cache-size --address-file --check --log-level --version; do
	like "$out" " $option" "--help lists $option"
done
out=$(ranged --no-such-option)
isnt $? 0 "an unknown option is rejected"
like "$out" no-such-option "the message names the option"
out=$(ranged "$ROOT" "$ROOT")
isnt $? 0 "two roots are rejected"
finish
