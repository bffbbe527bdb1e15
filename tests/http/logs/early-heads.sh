#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each response of tests/fuzz/corpus/head, also those that libmicrohttpd sends itself, has one line with its status in the
# access log. A connection that is closed without a response has one line with 400. Each rejection is counted once, for
# the reason in its line.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 100 b.bin 20
mkdir "$ROOT/dir"
config 'listing = true' 'access_format = "%h %s %{reason}x"'
start_with_admin

perl "$LIB/heads.pl" -i "$ADDRESS" "$LIB"/../fuzz/corpus/head/* >"$DIR/got"
take_numbers
# A response is "100", or has a line. NAME may be a line without a response.
awk '{ lines = 0
	for (i = 3; i < NF; i++) if ($i != 100) { print $1, $i; lines++ }
	if (lines == 0) print $1, 400 }' "$DIR/got" | sort >"$DIR/expected"
stop_ranged
cut -d ' ' -f 1,2 "$DIR/access.log" | sort >"$DIR/logged"
is "$(diff "$DIR/expected" "$DIR/logged" | grep '^[<>]' | while read -r side address status; do
	echo "$side $(grep "^$address " "$DIR/got" | cut -d ' ' -f 2-): $status"; done)" "" "each response has one line with its status"
is "$(awk '$2 ~ /^(400|405|413|414|417|431|501|505)$/ && $3 == "-"' "$DIR/access.log")" "" "each rejection has a reason"
for reason in bad_request method unknown_host plain_tls http2; do
	is "$(metric "ranged_rejected_total{reason=\"$reason\"}")" "$(grep -c " $reason$" "$DIR/access.log")" \
		"the counter of $reason agrees with the log"
done
finish
