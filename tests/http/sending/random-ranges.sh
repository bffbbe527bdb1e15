#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Thousands of random ranges of files from 1 byte to more than 64 MiB: single and multipart, pipelined, to slow readers,
# and to clients that disconnect or shut down their side in mid-body. Every byte is correct. RANGED_REQUESTS sets the
# number of requests for a long run.
. "$(dirname "$0")/../lib.sh"
. "$LIB/verify.sh"

requests=${RANGED_REQUESTS:-${SANITIZED:+1000}}
requests=${requests:-2000}
make_verified 1 511 4097 65537 262145 1048577 9000001 70000001
config 'max_connections_per_client = 0'
start_ranged --workers 2
sockets=$(socket_count)
verify "one request at a time" requests="$requests" long=5
for number in range multipart whole head absent unchanged; do
	at_least "$(verified $number)" 10 "there are requests of the kind $number"
done
verify "pipelined" requests="$requests" long=5 depth=8 seed=2
verify "many connections of several clients" requests="$requests" long=2 connections=200 addresses=8 depth=2 seed=3
verify "slow readers" requests=$((requests / 2)) long=5 slow=60 depth=2 connections=64 seed=4
verify "clients that disconnect" requests="$requests" long=20 leave=50 depth=3 seed=5
at_least "$(verified left)" $((requests / 8)) "many clients disconnect"
verify "clients that shut down their side" requests=$((requests / 2)) long=10 half=50 depth=2 seed=6
is "$(verified unanswered)" 0 "all their requests are answered"
verify "long multipart responses" requests=$((requests / 20)) long=100 only=2 depth=2 seed=7
verify "all of that" requests="$requests" long=5 depth=4 leave=10 half=10 slow=20 connections=64 seed=8
ok "no connection is left behind" await 10 sockets_at_most "$sockets"
quiet() { take_stats && [ "$(stat_of in_use 'stats cache ') $(stat_of waiting 'stats cache ')" = "0 0" ]; }
ok "no memory is in use or awaited afterwards" await 10 quiet
finish
