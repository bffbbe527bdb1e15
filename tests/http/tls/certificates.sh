#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The certificate is chosen by the server name of the client and by the signature algorithms that the client supports.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_certificate b b.example ec '*.b.example'
make_certificate c x.b.example ec
make_certificate r a.example rsa
make_certificate e ed.example ed25519
make_file x.bin 1000
start_tls "$(tls_pairs a b c r e)"
is "$(subject_for -)" "CN=a.example" "without a name the first certificate is sent"
is "$(subject_for nobody.example)" "CN=a.example" "for an unknown name the first certificate is sent"
is "$(subject_for b.example)" "CN=b.example" "the certificate with the name is sent"
is "$(subject_for B.EXAMPLE)" "CN=b.example" "the name is case-insensitive"
is "$(subject_for y.b.example)" "CN=b.example" "a wildcard matches"
is "$(subject_for x.b.example)" "CN=x.b.example" "a name takes precedence over a wildcard"
is "$(subject_for ed.example)" "CN=ed.example" "an Ed25519 certificate is sent"
for version in tls1_2 tls1_3; do
	like "$(handshake -servername a.example -$version)" 'Peer signature type: (ECDSA|ecdsa_secp256r1_sha256)' \
		"$version: the first of two certificates with the name is sent"
	like "$(handshake -servername a.example -$version -sigalgs RSA-PSS+SHA256:RSA+SHA256)" 'Peer signature type: (RSA|rsa_pss_rsae_sha256)' \
		"$version: the certificate whose algorithm the client supports is sent"
done
for name in a.example b.example y.b.example x.b.example; do
	case $name in a.example) use_name $name a ;; x.*) use_name $name c ;; *) use_name $name b ;; esac
	secure_get /x.bin
	is "$STATUS $RC" "200 0" "curl accepts the certificate for $name"
done
finish
