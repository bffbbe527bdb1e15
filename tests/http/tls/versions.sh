#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# TLS 1.2 and 1.3 are supported, older versions are not; ALPN; session tickets.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example rsa
make_file x.bin 1000
start_tls "$(tls_pairs a)"
like "$(handshake -tls1_3)" 'New, TLSv1.3, Cipher is TLS_' "TLS 1.3 is supported"
like "$(handshake -tls1_2)" 'New, TLSv1.2, Cipher is ECDHE-RSA-' "TLS 1.2 is supported, with forward secrecy"
for version in tls1 tls1_1; do
	like "$(handshake -$version -cipher 'ALL:@SECLEVEL=0')" 'New, \(NONE\).*' "$version is not supported"
	like "$(handshake -$version -cipher 'ALL:@SECLEVEL=0')" 'written 1[0-9][0-9] bytes' \
		"the client offered $version"
done
like "$(handshake -tls1_2 -cipher 'NULL:RC4:3DES:@SECLEVEL=0')" 'New, \(NONE\)' "weak ciphers are not supported"
like "$(handshake -alpn h2,http/1.1)" 'ALPN protocol: http/1.1' "ALPN selects HTTP/1.1"
for version in tls1_2 tls1_3; do
	printf 'HEAD /x.bin HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n' | tls_wire -$version -sess_out "$DIR/session" >"$DIR/first"
	like "$(handshake -$version -servername a.example -sess_in "$DIR/session")" 'Reused, TLSv1' \
		"$version: a session ticket is accepted"
done
printf 'HEAD /x.bin HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n' | tls_wire -tls1_3 -sess_in "$DIR/session" >"$DIR/again"
like "$(head -n 1 "$DIR/again")" '^HTTP/1.1 200' "$version: a resumed session is served"
like "$(openssl sess_id -noout -text <"$DIR/session")" 'Max Early Data: 0' \
	"early data, which could be replayed, is not accepted"
finish
