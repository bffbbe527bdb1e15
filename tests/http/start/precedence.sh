#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line takes precedence over the configuration file, and the file over the defaults.
. "$(dirname "$0")/../lib.sh"

make_text which.txt one
mkdir "$DIR/two"
printf two >"$DIR/two/which.txt"
config "root = \"$DIR/two\"" 'workers = 3' 'listen = {"127.0.0.3:0"}'
root=$ROOT

ROOT='' LISTEN='' CACHE=''
start_ranged
like "$ADDRESS" '^127\.0\.0\.3:' "listen of the file is used"
is "$(threads 'ranged-r[0-9]*' | wc -l)" 3 "workers of the file is used"
get /which.txt
is "$(cat "$BODY")" two "root of the file is used"
stop_ranged

ROOT=$root LISTEN=127.0.0.4:0
start_ranged --workers 1
is "$(wc -l <"$DIR/address") ${ADDRESS%:*}" "1 127.0.0.4" "listen of the command line replaces that of the file"
is "$(threads 'ranged-r[0-9]*' | wc -l)" 1 "workers of the command line replaces that of the file"
get /which.txt
is "$(cat "$BODY")" one "root of the command line replaces that of the file"
finish
