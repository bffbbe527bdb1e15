#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reloads in mid-body: long responses are complete and correct, also of slow readers, while the configuration is reloaded
# again and again.
. "$(dirname "$0")/../lib.sh"
. "$LIB/verify.sh"

make_verified 70000001 9000001 1048577
config 'max_connections = 1000'
start_ranged --workers 2
run_verify seconds=2 requests=1000000 long=60 slow=30 addresses=3 &
client=$!
reloaded=0
while kill -0 $client 2>/dev/null; do
	config "max_connections = $((1000 + reloaded))"
	reload_ranged
	reloaded=$((reloaded + 1))
done
wait $client
at_least $reloaded 5 "the configuration was reloaded several times"
all_verified "during reloads"
at_least "$(verified requests)" 100 "there were many requests"
finish
