# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Functions for tests of TLS; source after lib.sh. They make certificates and start a server that listens with and
# without TLS.

need_cmd openssl

# NAME SUBJECT [KIND [SAN...]]: makes $DIR/NAME.pem and $DIR/NAME.key for these names. KIND is ec, rsa or ed25519.
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

# NAME FIRST LAST: makes $DIR/NAME.pem from $DIR/NAME.csr, signed with $DIR/NAME.key, valid between these two times
# (YYYYMMDDHHMMSSZ).
sign_certificate() {
	: >"$DIR/ca.index"
	printf '%s\n' '[ca]' 'default_ca = test' '[test]' "database = $DIR/ca.index" "new_certs_dir = $DIR" 'policy = any' 'default_md = sha256' \
		'rand_serial = yes' '[any]' 'commonName = supplied' >"$DIR/ca.conf"
	openssl ca -config "$DIR/ca.conf" -batch -notext -selfsign -in "$DIR/$1.csr" -keyfile "$DIR/$1.key" -out "$DIR/$1.pem" \
		-startdate "$2" -enddate "$3" 2>"$DIR/openssl" || { cat "$DIR/openssl"; echo "Bail out! no certificate"; exit 1; }
}

# NAME...: prints the key tls with these certificates.
tls_pairs() {
	local name pairs=
	for name; do pairs="$pairs${pairs:+, }\"$DIR/$name.pem $DIR/$name.key\""; done
	echo "tls = {$pairs}"
}

# CONFIG-LINE...: serves $ROOT with and without TLS. Sets PLAIN_URL, TLS_ADDRESS, TLS_PORT, URL
# (https://a.example:port), and TRUST, the options with which curl finds and trusts this URL. One of the lines must set
# the key tls.
start_tls() {
	# shellcheck disable=SC2034
	LISTEN=
	config 'listen = {"127.0.0.1:0", "tls:127.0.0.1:0"}' "$@"
	start_ranged
	# shellcheck disable=SC2034
	PLAIN_URL=$URL
	find_tls_address
	use_name a.example
}

# Sets TLS_ADDRESS and TLS_PORT to those of the server that was started last.
find_tls_address() {
	TLS_ADDRESS=$(sed -n 's/^tls://p' "$DIR/address")
	TLS_PORT=${TLS_ADDRESS##*:}
}

use_name() { # NAME [CERTIFICATE]
	URL=https://$1:$TLS_PORT
	TRUST=(--cacert "$DIR/${2:-a}.pem" --resolve "$1:$TLS_PORT:127.0.0.1")
}

secure_get() { get "$1" "${TRUST[@]}" "${@:2}"; }

# Sends standard input over TLS, and prints the response until the server closes the connection.
tls_wire() { timeout "$(seconds 30)" openssl s_client -quiet -connect "$TLS_ADDRESS" -servername a.example "$@" 2>"$DIR/s_client"; }

# OPTION...: makes a handshake and prints the messages of openssl.
handshake() { timeout "$(seconds 20)" openssl s_client -connect "$TLS_ADDRESS" "$@" </dev/null 2>&1; }

# NAME|- OPTION...: prints the subject of the certificate for this server name.
subject_for() {
	local name=$1
	shift
	if [ "$name" = - ]; then set -- -noservername "$@"; else set -- -servername "$name" "$@"; fi
	handshake "$@" | sed -n 's/ = /=/g; s/^subject=//p' # OpenSSL 3.0 prints "CN = name", later versions "CN=name"
}
