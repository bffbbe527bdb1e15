#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A listing as JSON, by Accept or by ?format=json, which goes before.
. "$(dirname "$0")/../lib.sh"

make_file pub/a.bin 1234567 pub/b/c.bin 10
age "$ROOT/pub/b"
config 'listing = true'
start_ranged
expected='{"path":"/pub/","total":2,"folders":1,"files":1,"offset":0,"entries":[
{"name":"b","href":"b/","type":"folder","mtime":"2020-02-02T02:02:02.123456789Z"},
{"name":"a.bin","href":"a.bin","type":"file","size":1234567,"mtime":"2020-02-02T02:02:02.123456789Z"}
]}'
get /pub/?format=json
is "$STATUS $(header Content-Type) $(header Vary)" "200 application/json Accept" "by the query"
is "$(cat "$BODY")" "$expected" "all that is in it"
get /pub/ -H 'Accept: application/json'
is "$(cat "$BODY")" "$expected" "by Accept"
get /pub/?format=json -H 'Accept: text/html'
is "$(cat "$BODY")" "$expected" "the query goes before Accept"
while read -r type accept; do
	get /pub/ -H "Accept: $accept"
	is "$(header Content-Type | cut -d ';' -f 1)" "$type" "$accept"
done <<-'END'
	text/html */*
	text/html text/html,application/xhtml+xml,*/*;q=0.8
	application/json application/json, */*;q=0.1
	text/html application/json;q=0.5, text/html
	application/json text/html;q=0.5, application/json
END
get /pub/?format=html -H 'Accept: application/json'
like "$(header Content-Type)" text/html "format=html"
get /pub/?format=xml
like "$(header Content-Type)" text/html "a format that is not known"
get "/pub/?format=json" -0
is "$RC $(cat "$BODY")" "0 $expected" "to HTTP/1.0"
ask 'GET /pub/?format=json HTTP/1.0\r\n\r\n'
is "$STATUS $RC" "200 0" "which gets no chunks: its end is the connection's"
is "$(cat "$DIR/1.body")" "$expected" "and the same body"
finish
