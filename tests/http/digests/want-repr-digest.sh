#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Want-Repr-Digest: a client that refuses SHA-256 gets no Repr-Digest.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 5000
(cd "$ROOT" && sha256sum a.bin >a.bin.sha256)
start_ranged --workers 1
for i in 1 2 3; do
	get /a.bin
	is "$(header_count Repr-Digest)" 1 "without Want-Repr-Digest the digest is sent, request $i"
	while read -r count want; do
		get /a.bin -H "Want-Repr-Digest: $want"
		is "$STATUS $(header_count Repr-Digest)" "200 $count" "Want-Repr-Digest: $want"
		cmp_whole a.bin
	done <<-'TABLE'
		1 sha-256=1
		1 sha-512=3, sha-256=10, unixsum=0
		0 sha-256=0
		0 sha-512=10
		1 sha-256=0, ???
	TABLE
done
get /a.bin -H 'Want-Repr-Digest: sha-512=1' -H 'Want-Repr-Digest: sha-256=2'
is "$(header_count Repr-Digest)" 1 "two Want-Repr-Digest fields are one dictionary"
finish
