#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Random ranges with the smallest cache, whose memory is always short, and without a cache: every byte is correct, also
# for slow readers and after disconnects.
. "$(dirname "$0")/../lib.sh"
. "$LIB/verify.sh"

requests=${SANITIZED:+500}
requests=${requests:-700}
make_verified 4097 65537 1048577 9000001 70000001
quiet() { take_stats && [ "$(stat_of in_use 'stats cache ') $(stat_of waiting 'stats cache ')" = "0 0" ]; }
config 'max_connections_per_client = 0'
for CACHE in 4M 0; do
	start_ranged --workers 2
	verify "cache of $CACHE" requests="$requests" long=10 connections=64 addresses=4 depth=3
	verify "cache of $CACHE, slow readers and disconnects" requests="$requests" long=10 connections=64 depth=2 slow=30 leave=20 half=5 seed=2
	verify "cache of $CACHE, long multipart responses" requests=40 long=100 only=2 connections=32 addresses=3 seed=3
	ok "cache of $CACHE: no memory is in use or awaited afterwards" await 10 quiet
	stop_ranged
done
finish
