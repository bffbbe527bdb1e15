#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The monitor listener over TLS, with the certificates of the key tls. A reload replaces the certificates.
. "$(dirname "$0")/../lib.sh"
. "$LIB/tls.sh"

make_certificate a a.example
make_certificate b b.example
make_certificate c a.example
make_file a.bin 100
start_with() { config "$(tls_pairs "$@")" 'monitor = {"tls:127.0.0.1:0", "127.0.0.1:0"}' 'monitor_allow = "127.0.0.1"'; }
start_with a b
start_ranged
TLS_ADDRESS=$(sed -n "s/.*monitor listener on tls://p" "$DIR/error.log")
TLS_PORT=${TLS_ADDRESS##*:}
use_name a.example
secure_get /readyz
is "$STATUS $(cat "$BODY")" "200 serving" "/readyz over TLS"
secure_get /metrics
like "$(cat "$BODY")" 'ranged_ready 1' "/metrics over TLS"
secure_get /status
is "$STATUS" 404 "nothing else"
is "$(subject_for b.example)" "CN=b.example" "the name selects the certificate"
like "$(handshake -tls1_2)" 'Protocol *: TLSv1\.2' "TLS 1.2"
like "$(handshake -tls1_1 -cipher 'ALL:@SECLEVEL=0')" 'Cipher is \(NONE\)' "TLS 1.1 is rejected"
secure_get /readyz --interface 127.0.0.2
isnt "$RC" 0 "an address that is not in monitor_allow gets no handshake"
URL=http://$(sed -n "s/.*monitor listener on \(127.*\)/\1/p" "$DIR/error.log") get /readyz
is "$STATUS" 200 "an address without TLS"
URL=http://$TLS_ADDRESS get /readyz
isnt "$STATUS" 200 "a request without TLS gets no answer on the address with TLS"

# A connection keeps its certificates.
mkfifo "$DIR/requests"
tls_wire <"$DIR/requests" >"$DIR/held" &
held=$!
exec 9>"$DIR/requests"
printf 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n' >&9
ok "a connection is open" await 10 grep -q '^ok' "$DIR/held"
start_with c
reload_ranged
use_name a.example c
secure_get /readyz
is "$STATUS" 200 "a new connection gets the new certificate"
printf 'GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&9
exec 9>&-
wait $held
like "$(tail -n 1 "$DIR/held")" serving "the open connection is still served"

# Without certificates in the configuration, handshakes fail.
config 'monitor = "127.0.0.1:0"' 'monitor_allow = "127.0.0.1"'
reload_ranged
secure_get /readyz
isnt "$RC" 0 "without certificates the handshake fails"
start_with a
reload_ranged
use_name a.example a
secure_get /readyz
is "$STATUS" 200 "TLS is available again"
finish
