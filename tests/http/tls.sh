# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What tests of TLS need besides lib.sh: certificates made on the spot, and a server that listens in the clear and for TLS.

need_cmd openssl

# NAME SUBJECT [KIND [SAN...]]: $DIR/NAME.pem and .key for these names (the subject's without any); KIND: ec, rsa, ed25519.
make_certificate() {
	local name=$1 subject=$2 kind=${3:-ec} names=DNS:$2 san options=()
	shift $(($# < 3 ? $# : 3))
	for san; do names=$names,DNS:$san; done
	case $kind in
	ec) options=(-newkey ec -pkeyopt ec_paramgen_curve:P-256) ;;
	rsa) options=(-newkey rsa:2048) ;;
	*) options=(-newkey "$kind") ;;
	esac
	openssl req -x509 "${options[@]}" -nodes -keyout "$DIR/$name.key" -out "$DIR/$name.pem" -days 30 -subj "/CN=$subject" \
		-addext "subjectAltName=$names,IP:127.0.0.1" 2>"$DIR/openssl" || { cat "$DIR/openssl"; echo "Bail out! no certificate"; exit 1; }
}

# NAME FIRST LAST: $DIR/NAME.pem, for $DIR/NAME.csr and signed with $DIR/NAME.key, valid between these two times (YYYYMMDDHHMMSSZ).
sign_certificate() {
	: >"$DIR/ca.index"
	printf '%s\n' '[ca]' 'default_ca = test' '[test]' "database = $DIR/ca.index" "new_certs_dir = $DIR" 'policy = any' 'default_md = sha256' \
		'rand_serial = yes' '[any]' 'commonName = supplied' >"$DIR/ca.conf"
	openssl ca -config "$DIR/ca.conf" -batch -notext -selfsign -in "$DIR/$1.csr" -keyfile "$DIR/$1.key" -out "$DIR/$1.pem" \
		-startdate "$2" -enddate "$3" 2>"$DIR/openssl" || { cat "$DIR/openssl"; echo "Bail out! no certificate"; exit 1; }
}

# NAME...: the value of the key tls with these pairs.
tls_pairs() {
	local name pairs=
	for name; do pairs="$pairs${pairs:+, }\"$DIR/$name.pem $DIR/$name.key\""; done
	echo "tls = {$pairs}"
}

# CONFIG-LINE...: serves $ROOT in the clear and by TLS. Sets PLAIN_URL, TLS_ADDRESS, TLS_PORT, and URL to https://a.example:port; TRUST are
# the options with which curl finds and believes it. A line with "tls" must be among them.
start_tls() {
	# shellcheck disable=SC2034
	LISTEN=
	config 'listen = {"127.0.0.1:0", "tls:127.0.0.1:0"}' "$@"
	start_ranged
	# shellcheck disable=SC2034
	PLAIN_URL=$URL
	TLS_ADDRESS=$(sed -n 's/^tls://p' "$DIR/address")
	TLS_PORT=${TLS_ADDRESS##*:}
	use_name a.example
}

use_name() { # NAME [CERTIFICATE]
	URL=https://$1:$TLS_PORT
	TRUST=(--cacert "$DIR/${2:-a}.pem" --resolve "$1:$TLS_PORT:127.0.0.1")
}

secure_get() { get "$1" "${TRUST[@]}" "${@:2}"; }

# What stdin says, by TLS; what comes back until the server closes.
tls_wire() { timeout "$(seconds 30)" openssl s_client -quiet -connect "$TLS_ADDRESS" -servername a.example "$@" 2>"$DIR/s_client"; }

# OPTION...: one handshake, what openssl says of it.
handshake() { timeout "$(seconds 20)" openssl s_client -connect "$TLS_ADDRESS" "$@" </dev/null 2>&1; }

# NAME|- OPTION...: the subject of the certificate that a client of this name is shown.
subject_for() {
	local name=$1
	shift
	if [ "$name" = - ]; then set -- -noservername "$@"; else set -- -servername "$name" "$@"; fi
	handshake "$@" | sed -n 's/ = /=/g; s/^subject=//p' # OpenSSL 3.0 writes "CN = name", later ones "CN=name"
}
