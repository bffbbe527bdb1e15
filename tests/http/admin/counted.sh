#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The metrics agree with the requests: requests by method and status, bytes by source, rejections by reason.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 10000 long.bin 3000000 secret.bin 500
config 'max_target_bytes = 256' 'location "/secret.bin" { deny = "all" }' 'location "/often/" { requests_per_client = 1 }' 'location "/list/" { listing = true }'
mkdir "$ROOT/list" "$ROOT/often"
cp "$ROOT/a.bin" "$ROOT/often/a.bin"
age "$ROOT/often/a.bin"
start_with_admin --workers 2

# SOURCE... and METHOD STATUS...: print counters.
bytes() { local source; for source; do find_metric "ranged_response_bytes_total{source=\"$source\"}"; printf '%s ' "$VALUE"; done; }
count() {
	while [ $# -gt 0 ]; do
		find_metric "ranged_requests_total{method=\"$1\",status=\"$2\"}"
		printf '%s ' "$VALUE"
		shift 2
	done
}

get /a.bin
await_metric 'ranged_requests_total{method="GET",status="200"}' 1
is "$(bytes cache disk)" "0 10000 " "the bytes of a miss come from the disk"
curl -sS --fail "$URL/a.bin" "$URL/a.bin" "$URL/a.bin" "$URL/a.bin" "$URL/a.bin" >"$BODY"
await_metric 'ranged_requests_total{method="GET",status="200"}' 6
is "$(bytes cache disk)" "50000 10000 " "the bytes of a hit come from the cache"
get /long.bin
get /long.bin
await_metric 'ranged_requests_total{method="GET",status="200"}' 8
is "$(bytes cache disk)" "3050000 3010000 " "the bytes of a streamed file are counted"
is "$(bytes other)" "0 " "no other bytes are counted"
cp "$DIR/metrics" "$DIR/before"

head_of /a.bin
get_range 100-199 /a.bin
get_range 0-0,5000-5009 /a.bin
parts=$(size_of "$BODY")
get_range 99999- /a.bin
unsatisfied=$(size_of "$BODY")
get /absent
absent=$(size_of "$BODY")
get /a.bin -X OPTIONS
get /a.bin -X DELETE
deleted=$(size_of "$BODY")
get /a.bin -H "If-None-Match: $(etag_of "$ROOT/a.bin")"
get /secret.bin
denied=$(size_of "$BODY")
get /often/a.bin
get /often/a.bin
is "$STATUS" 429 "a request over the limit is 429"
often=$(size_of "$BODY")
get "/$(printf '%0300d' 0)"
is "$STATUS" 414 "a target that is too long is 414"
long=$(size_of "$BODY")
get /list/
listed=$(size_of "$BODY")
ask 'GET /a.bin HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n'
is "$STATUS" 400 "a malformed request is 400"
await_metric 'ranged_requests_total{method="GET",status="414"}' 1
await_metric 'ranged_requests_total{method="GET",status="200"}' 10

is "$(count HEAD 200 OPTIONS 204 other 405)" "1 1 1 " "HEAD, OPTIONS and another method are counted"
is "$(count GET 206 GET 416 GET 404 GET 304 GET 403 GET 429)" "2 1 1 1 1 1 " \
	"other statuses are counted"
is "$(metric 'ranged_rejected_total{reason="access"}')" 1 "a rejected address is counted"
is "$(metric 'ranged_rejected_total{reason="requests_per_client"}')" 1 "a request over a limit is counted"
is "$(count GET 400)" "1 " "a request that libmicrohttpd rejects is counted"
is "$(metric 'ranged_rejected_total{reason="bad_request"}')" 2 \
	"this request and a target that is too long are counted as bad_request"
is "$(metric 'ranged_response_bytes_total{source="cache"}')" $((3050000 + 100 + 11)) \
	"the bytes of ranges come from the cache"
is "$(metric 'ranged_response_bytes_total{source="disk"}')" $((3010000 + 10000)) \
	"the bytes of a copy come from the disk"
made=$(metric 'ranged_response_bytes_total{source="other"}')
expected=$((parts - 11 + unsatisfied + absent + deleted + denied + often + long + listed))
at_least "$made" "$expected" "the bytes that ranged generates are counted"
at_most "$made" $((expected + 1000)) "not more of these bytes are counted"
total=$(awk '/^ranged_requests_total/ { sum += $2 } END { print sum }' "$DIR/metrics")
mapfile -t values < <(status_value requests.total requests.by_status.206 requests.by_method.HEAD bytes.cache config)
is "${values[0]}" "$total" "/status has the same total"
is "${values[*]:1:2}" "2 1" "/status has the same parts"
is "${values[3]} " "$(bytes cache)" "/status has the same bytes"
is "${values[4]}" "$DIR/ranged.conf" "/status names the configuration file"
is "$(metric ranged_first_byte_seconds_count)" 21 "the times of the first bytes are counted"
at_least "$(metric ranged_connections_accepted_total)" 16 "connections are counted"
first_file() { # the ranking of the files is kept for a moment
	take_numbers
	[ "$(status_value top.files.0.path top.files.0.bytes top.files.0.requests)" = $'/long.bin\n6000000\n2' ]
}
ok "/status lists the file with the most bytes" await 10 first_file

# FILE...: prints the counters that are smaller in a file than in an earlier one.
shrunk() {
	awk '/^[^#]/ && $1 ~ /_total|_count|_bucket|_sum/ { if (($1 in was) && $2 + 0 < was[$1] + 0) print $1, was[$1], $2; was[$1] = $2 }' "$@"
}
is "$(shrunk "$DIR/before" "$DIR/metrics")" "" "no counter decreases"

curl -sS "$URL/[1-100000]/../{a,long}.bin" -r 0-400000 >/dev/null 2>&1 &
load=$!
more_requests() { take_numbers && [ "$(count GET 206)" != "2 " ]; }
ok "requests are sent" await 10 more_requests
curl -sS --fail "http://$ADMIN/metrics?[1-30]" -o "$DIR/load.#1" # 30 times
kill $load
wait $load 2>/dev/null
is "$(shrunk "$DIR/metrics" "$DIR"/load.{1..30})" "" "no counter decreases under load"
is "$(grep -L '^ranged_requests_total' "$DIR"/load.{1..30})" "" "all reports have the counters"
at_least "$(sort -u <(grep -h '^ranged_requests_total{method="GET",status="206"}' "$DIR"/load.*) | wc -l)" 5 "they were made while requests were served"

mkfifo "$DIR/hold"
perl "$LIB/crowd.pl" 7 "$ADDRESS" /a.bin <"$DIR/hold" >"$DIR/crowd" &
exec 9>"$DIR/hold"
await_metric 'ranged_connections{state="idle"}' 7
is "$(metric 'ranged_connections{state="idle"}')" 7 "connections are counted by state"
is "$(status_value connections.now top.clients.0.address top.clients.0.connections)" $'7\n127.0.0.1\n7' \
	"connections are counted by client"
exec 9>&-
await_metric 'ranged_connections{state="idle"}' 0
is "$(metric 'ranged_connections{state="idle"}')" 0 "closed connections are no longer counted"
curl -sS --limit-rate 100K --max-time 1 "$URL/long.bin" -o /dev/null 2>"$DIR/curl"
await_metric 'ranged_connections{state="send"}' 0
is "$(metric 'ranged_connections{state="send"}') $(status_value transfers)" "0 0" \
	"an aborted connection is no longer counted"
finish
