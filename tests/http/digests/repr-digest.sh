#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Repr-Digest is the digest in FILE.sha256, in the formats of sha256sum, if that file is not older than FILE.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 20000 b.bin 20000 c.bin 20000 d.bin 20000 e.bin 20000 big.bin 3000000
make_variants a.bin.gz
cd "$ROOT" || exit 1
for name in a.bin b.bin a.bin.gz big.bin; do sha256sum $name >$name.sha256; done
touch -d '2019-01-01 UTC' b.bin.sha256
echo "no digest" >c.bin.sha256
sha256sum --tag d.bin >d.bin.sha256
sha256sum e.bin | cut -c 1-64 | tr -d '\n' >e.bin.sha256
digest() { printf 'sha-256=:%s:' "$(sha256sum "$1" | cut -c 1-64 | perl -ne 'chomp; print pack "H*", $_' | base64)"; }
control_clock
start_ranged
for name in a.bin d.bin e.bin big.bin; do
	get /$name
	is "$(header Repr-Digest)" "$(digest $name)" "$name: the response has its digest"
done
get /a.bin
is "$STATUS $(header Repr-Digest)" "200 $(digest a.bin)" "a prebuilt response has the digest"
head_of /a.bin
is "$(header Repr-Digest)" "$(digest a.bin)" "HEAD has the digest"
get_range 10-19 /a.bin
is "$STATUS $(header Repr-Digest)" "206 $(digest a.bin)" "a range has the digest of the whole file"
get /a.bin -H 'Accept-Encoding: gzip'
is "$(header Content-Encoding) $(header Repr-Digest)" "gzip $(digest a.bin.gz)" \
	"a variant has the digest of the encoded bytes"
cmp_whole a.bin.gz
for name in b.bin c.bin; do
	get /$name
	is "$STATUS $(header_count Repr-Digest)" "200 0" "$name: a stale or malformed digest is ignored"
done
get_range 50000- /a.bin
is "$STATUS $(header_count Repr-Digest)" "416 0" "an error response has no digest"

sha256sum b.bin >b.bin.sha256
advance 2
get /b.bin
is "$(header Repr-Digest)" "$(digest b.bin)" "a new digest is noticed"
perl "$LIB/pattern.pl" . new 30000
mv new a.bin
advance 2
get /a.bin
cmp_whole a.bin
is "$(header_count Repr-Digest)" 0 "the digest is ignored after the file has changed"
finish
