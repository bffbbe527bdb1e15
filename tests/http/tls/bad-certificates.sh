#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Unusable certificates are rejected by --check and at the start; the message names the file and the reason. An expired
# certificate is reported.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_certificate b b.example rsa
echo nonsense >"$DIR/nonsense.pem"
openssl ec -aes256 -passout pass:secret -in "$DIR/a.key" -out "$DIR/locked.key" 2>/dev/null
make_file x.bin 100
refused() { # TLS-VALUE REGEX NAME
	printf 'listen = "tls:127.0.0.1:0"\n%s\n' "$1" >"$DIR/bad.conf"
	local out status
	out=$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)
	status=$?
	like "$status $out" "^78 .*$2" "$3"
	out=$("$RANGED" -c "$DIR/bad.conf" "$ROOT" 2>&1)
	like "$? $out" "^(78|69) .*$2" "$3, at the start"
}
pair() { echo "tls = \"$DIR/$1 $DIR/$2\""; }
refused "" 'listen: an address with "tls:" needs a certificate' "no certificate"
refused "$(pair none.pem a.key)" "$DIR/none.pem: No such file or directory" "a missing certificate"
refused "$(pair a.pem none.key)" "$DIR/none.key: No such file or directory" "a missing key"
refused "$(pair nonsense.pem a.key)" "$DIR/nonsense.pem: the file contains no certificate in PEM format" "a file without a certificate"
refused "$(pair a.pem nonsense.pem)" "$DIR/nonsense.pem: the file contains no private key in PEM format" "a file without a key"
refused "$(pair a.pem b.key)" "$DIR/b.key: the key does not match the certificate in $DIR/a.pem" "the key of another certificate"
refused "$(pair a.pem locked.key)" "$DIR/locked.key: the key is encrypted" "a key with a password"
refused "tls = {\"$DIR/a.pem $DIR/a.key\", \"$DIR/b.pem $DIR/a.key\"}" "$DIR/a.key: the key does not match the certificate in $DIR/b.pem" "the second pair"
refused "tls = \"$DIR/a.pem $DIR/a.key $DIR/b.key\"" "expected the file of a certificate and the file of its key" "three files"

cat "$DIR/a.pem" "$DIR/a.key" >"$DIR/one.pem"
start_tls "tls = \"$DIR/one.pem\""
secure_get /x.bin
is "$STATUS" 200 "one file with both is accepted"
stop_ranged
cp "$DIR/a.key" "$DIR/old.key"
openssl req -new -key "$DIR/old.key" -subj /CN=a.example -out "$DIR/old.csr" 2>/dev/null
sign_certificate old 20200101000000Z 20200201000000Z
start_tls "$(tls_pairs old)"
ok "an expired certificate is reported" await 10 grep -qE "warning: .*old.pem: this certificate \(a.example\) expired at 20" "$DIR/error.log"
secure_get /x.bin -k
is "$STATUS" 200 "an expired certificate is used"
finish
