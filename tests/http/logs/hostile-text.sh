#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every line that ranged and its tools write is UTF-8 without control characters and without controls of text direction,
# whatever clients, file names and the configuration contain.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../admin.sh"
need_cmd iconv python3

# Characters that a terminal obeys (U+009B, U+202E, U+2066), line separators, and bytes that are not UTF-8.
hostile=$'\xc2\x9b31m\xe2\x80\xae\xe2\x81\xa6\xd8\x9c\xe2\x80\xa8\xef\xbb\xbf\xff\xed\xa0\x80\x1b[2J'
mkdir "$ROOT/$hostile"
make_file "$hostile/$hostile.bin" 5000 a.bin 1000
pattern=${hostile//[/[[]} # a pattern with neither an open bracket nor ASCII controls
config 'access_format = combined' "access_log = $DIR/combined.log" 'limits_dry_run = true' 'requests_per_client = 1' 'log_level = debug' \
	"site \"json.example\" { access_format = json access_log = $DIR/json.log }" \
	"site \"own.example\" { access_format = '%u|%v|%m|%U|%q|%H|%{Referer}i|%{User-Agent}i|%{Range}i|%{Host}i|%{X-Forwarded-For}i' access_log = $DIR/own.log }" \
	"location \"/${pattern//$'\x1b'/?}*\" { expires = 1h }"
LOGS=
start_with_admin --error-log "$DIR/error.log" 2>/dev/null

encoded=$(printf %s "$hostile" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')
for host in x json.example own.example; do
	get "/$encoded/$encoded.bin" -H "Host: $host"
	get "/$encoded/$encoded.bin" -H "Host: $host" -A "a${hostile//$'\x1b'/}" -e "b${hostile//$'\x1b'/}" -H "X-Forwarded-For: ${hostile//$'\x1b'/}" \
		-u "${hostile//$'\x1b'/}:p" -r 0-9
done
# Random bytes in all places of a request.
python3 - "${ADDRESS%:*}" "${ADDRESS##*:}" <<'END'
import random, socket, sys
random.seed(14)
def noise(count, skip=b'\r\n\0 '):
    return bytes(byte for byte in random.choices(range(1, 256), k=count) if byte not in skip)
for number in range(120):
    host = [b'x', b'json.example', b'own.example', noise(12)][number % 4]
    method = b'GET' if number % 3 else noise(8)
    head = method + b' /' + noise(30) + b' HTTP/1.1\r\nHost: ' + host
    for name in (b'Referer', b'User-Agent', b'Range', b'X-Forwarded-For'):
        head += b'\r\n' + name + b': ' + noise(40)
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 30) as connection:
        connection.sendall(head + b'\r\nConnection: close\r\n\r\n')
        try:
            while connection.recv(65536):
                pass
        except OSError:
            pass
END
ask_socket /status && cp "$BODY" "$DIR/status.json"
ask_socket '/cache/hot?limit=10' && cp "$BODY" "$DIR/hot.json"
ask_socket "/cache/hot?limit=$encoded" && cp "$BODY" "$DIR/answer.txt"
ask_socket /metrics && cp "$BODY" "$DIR/metrics.txt"
"${RANGED%/*}/ranged-ctl" -s "$DIR/admin.sock" hot >"$DIR/ctl-hot.txt" 2>&1
"${RANGED%/*}/ranged-ctl" -s "$DIR/admin.sock" evict "/$hostile" >"$DIR/ctl-evict.txt" 2>&1
kill -USR2 "$PID"
ok "SIGUSR2 logs the statistics" await 10 grep -q 'stats end' "$DIR/error.log"
stop_ranged
"$RANGED" --explain "/$encoded/$encoded.bin" -c "$DIR/ranged.conf" "$ROOT" >"$DIR/explain.txt" 2>&1 </dev/null
"$RANGED" --check -c "$DIR/ranged.conf" "$ROOT" >"$DIR/check.txt" 2>&1 </dev/null
printf 'k%s = 1\nroot = "/%s"\n' "$hostile" "$hostile" >"$DIR/bad.conf"
"$RANGED" --check -c "$DIR/bad.conf" >"$DIR/bad.txt" 2>&1 </dev/null
"$RANGED" --check -c "$DIR/$hostile.conf" >"$DIR/missing.txt" 2>&1 </dev/null
"${RANGED%/*}/ranged-probe" "$DIR/$hostile" >"$DIR/probe.txt" 2>&1 </dev/null
"${RANGED%/*}/ranged-sign" -k "$DIR/$hostile" /a >"$DIR/sign.txt" 2>&1 </dev/null

cat >"$DIR/clean.py" <<'END'
import sys, unicodedata
for path in sys.argv[1:]:
    text = open(path, 'rb').read().decode('utf-8')
    assert text, path + ' is empty'
    for number, line in enumerate(text.split('\n'), 1):
        bad = [hex(ord(c)) for c in line if unicodedata.category(c) in ('Cc', 'Zl', 'Zp') or
               unicodedata.bidirectional(c) in ('LRE', 'RLE', 'LRO', 'RLO', 'PDF', 'LRI', 'RLI', 'FSI', 'PDI') or c in '\u061c\u200e\u200f\ufeff']
        if bad:
            print(path.rsplit('/', 1)[1], number, bad)
END
for file in combined.log json.log own.log error.log status.json hot.json answer.txt metrics.txt ctl-hot.txt ctl-evict.txt explain.txt check.txt \
	bad.txt missing.txt probe.txt sign.txt; do
	is "$(iconv -f UTF-8 -t UTF-8 "$DIR/$file" >/dev/null 2>&1 && python3 "$DIR/clean.py" "$DIR/$file" 2>&1)" "" "$file is clean"
	ok "$file has text" test -s "$DIR/$file"
done
ok "each line of the JSON log is an object" python3 -c 'import json, sys; [json.loads(line) for line in open(sys.argv[1])]' "$DIR/json.log"
ok "the status names the file" python3 -c 'import json, os, sys
name = os.fsencode(sys.argv[2]).decode("utf-8", "replace")
assert any(name in entry["path"] for entry in json.load(open(sys.argv[1]))["top"]["files"])' "$DIR/status.json" $'\xc2\x9b31m\xe2\x80\xae'
finish
