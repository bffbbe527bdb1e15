#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# requests_per_client limits the requests per second and the burst. More requests are answered with 429 and Retry-After.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100 free/a.bin 100
config 'requests_per_client = 5' 'location "/free/" { requests_per_client = 0 }' \
	"location \"/signed/\" { sign_keys = $DIR/keys }"
echo 'one 0123456789abcdef0123456789abcdef' >"$DIR/keys"
chmod 600 "$DIR/keys"
control_clock
start_ranged --workers 2
many() { # COUNT PATH [OPTION...]: prints the statuses with their counts
	local url="$URL$2"
	curl -sS -o /dev/null -w '%{http_code}\n' "${@:3}" "$url?[1-$1]" | sort | uniq -c | awk '{ printf "%s%d*%s", (NR > 1 ? " " : ""), $1, $2 }'
}
counted=$(many 20 /a.bin)
like "$counted" '^([5-9]|1[0-5])\*200 ([5-9]|1[0-5])\*429$' "some of twenty concurrent requests are rejected: $counted"
get /a.bin
if [ "$STATUS" = 429 ]; then is "$(header Retry-After)" 1 "the 429 response has Retry-After"; fi
like "$(many 20 /a.bin --interface 127.0.0.2)" '^([5-9]|1[0-5])\*200' "another client has a limit of its own"
is "$(many 20 /free/a.bin)" "20*200" "a location without the limit rejects nothing"
advance 2
get /a.bin
is "$STATUS" 200 "a request one second later is served"
cmp_whole a.bin
many 20 /a.bin --interface 127.0.0.3 >/dev/null
like "$(many 20 /a.bin --interface 127.0.0.3)" '\*429$' "new connections do not evade the limit"
like "$(many 20 /signed/a.bin --interface 127.0.0.4)" '^([5-9]|1[0-5])\*403 ([5-9]|1[0-5])\*429$' \
	"requests without a valid signature are counted"
finish
