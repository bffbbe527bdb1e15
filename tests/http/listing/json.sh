#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A listing is sent as JSON if Accept or ?format=json asks for it. The query takes precedence.
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
is "$STATUS $(header Content-Type) $(header Vary)" "200 application/json Accept" "?format=json selects JSON"
is "$(cat "$BODY")" "$expected" "the JSON listing is correct"
get /pub/ -H 'Accept: application/json'
is "$(cat "$BODY")" "$expected" "Accept selects JSON"
get /pub/?format=json -H 'Accept: text/html'
is "$(cat "$BODY")" "$expected" "?format=json takes precedence over Accept"
while read -r type accept; do
	get /pub/ -H "Accept: $accept"
	is "$(header Content-Type | cut -d ';' -f 1)" "$type" "Accept: $accept selects the right format"
done <<-'END'
	text/html */*
	text/html text/html,application/xhtml+xml,*/*;q=0.8
	application/json application/json, */*;q=0.1
	text/html application/json;q=0.5, text/html
	application/json text/html;q=0.5, application/json
END
get /pub/?format=html -H 'Accept: application/json'
like "$(header Content-Type)" text/html "?format=html selects HTML"
get /pub/?format=xml
like "$(header Content-Type)" text/html "an unknown format is HTML"
get "/pub/?format=json" -0
is "$RC $(cat "$BODY")" "0 $expected" "an HTTP/1.0 client gets the listing"
ask 'GET /pub/?format=json HTTP/1.0\r\n\r\n'
is "$STATUS $RC" "200 0" "HTTP/1.0 has no chunks: the end of the connection ends the body"
is "$(cat "$DIR/1.body")" "$expected" "the body of HTTP/1.0 is the same"
finish
