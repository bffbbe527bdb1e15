#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# access_format = combined: each line has Apache's format "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\"
# \"%{User-agent}i\"", whatever the request contains.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000
config 'access_format = combined'
start_ranged
get '/a.bin?q=1' -A 'agent/1 (x; y)' -e http://from/
get_range 0-99 /a.bin -A $'\x01"\\ \xff' -e $'a\tb\x7f'
head_of /absent -A '' -e ''
ask 'GET /\xc3\xa9\xff"\\ HTTP/1.1\r\nHost: x\r\nUser-Agent: "\r\nReferer: \\"\r\nConnection: close\r\n\r\n'
ask 'BREW /pot HTTP/1.0\r\n\r\n'
long=$(printf '%02000d' 0)
get "/$long" -A "$long" -e "$long"
lines() { [ "$(wc -l <"$DIR/access.log")" -ge "$1" ]; }
ok "each request has a line" await 5 lines 6
stop_ranged

text='"(?:[^"\\\x00-\x1f\x7f]|\\x[0-9a-f]{2})*"'
strict="^[0-9.]+ - - \\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [-+][0-9]{4}\\] $text [1-5][0-9]{2} (?:[1-9][0-9]*|-) $text $text\$"
is "$(perl -ne 'BEGIN { $form = shift } print if !/$form/' "$strict" "$DIR/access.log")" '' "each line has the format"
line() { sed -n "$1p" "$DIR/access.log"; }
like "$(line 1)" '"GET /a\.bin\?q=1 HTTP/1\.1" 200 1000 "http://from/" "agent/1 \(x; y\)"$' "a plain request is logged"
like "$(line 2)" ' 206 100 "a.*b\\x7f" "\\x01\\x22\\x5c .*"$' "special characters are escaped"
like "$(line 3)" '"HEAD /absent HTTP/1\.1" 404 - "-" "-"$' "an empty body is logged as -"
like "$(line 5)" '"BREW /pot HTTP/1\.0" 501 ' "an unknown method is logged"
like "$(line 6)" '"GET /0{1000,}… HTTP/1\.1" 40[04] [0-9]+ "0{400,}…" "0{400,}…"$' "long values are truncated"
finish
