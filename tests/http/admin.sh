# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Functions for tests of the admin listener; source after lib.sh. The listener uses a Unix socket and a TCP port.

# [OPTION...]: starts ranged with an admin listener. Sets ADMIN ("127.0.0.1:4711").
start_with_admin() {
	start_ranged --admin "unix:$DIR/admin.sock" --admin 127.0.0.1:0 "$@"
	ADMIN=$(sed -n 's/.*admin listener on \(127[0-9.]*:[0-9]*\)$/\1/p' "$DIR/error.log" | tail -n 1)
}

# PATH [CURL-OPTION...]: sends a request over TCP; sets STATUS, HEAD and BODY as get does.
ask_admin() { URL=http://$ADMIN get "$@"; }
# PATH [CURL-OPTION...]: sends a request over the Unix socket.
ask_socket() { URL=http://localhost get "$1" --unix-socket "$DIR/admin.sock" "${@:2}"; }

# Stores /metrics and /status in $DIR.
take_numbers() {
	curl -sS --fail --max-time "$(seconds 20)" "http://$ADMIN/metrics" -o "$DIR/metrics" &&
		curl -sS --fail --max-time "$(seconds 20)" "http://$ADMIN/status" -o "$DIR/status"
}

# NAME[{LABELS}]: prints the value of a sample; prints nothing if there is no such sample.
metric() { awk -v name="$1" 'index($0, name " ") == 1 { print $2 }' "$DIR/metrics"; }

# KEY.KEY...: prints a value of /status, or "null". A number is an index of an array.
status_value() {
	perl -MJSON::PP -e '
		local $/;
		open my $in, "<", $ARGV[1] or die;
		my $value = decode_json(<$in>);
		for my $key (split /\./, $ARGV[0]) {
			$value = ref $value eq "ARRAY" ? $value->[$key] : $value->{$key};
		}
		print defined $value ? ref $value eq "" || ref $value eq "JSON::PP::Boolean" ? $value : encode_json($value) : "null", "\n"' "$1" "$DIR/status"
}

# NAME VALUE: waits until a sample has this value.
await_metric() { await 5 has_metric "$@"; }
has_metric() { take_numbers && [ "$(metric "$1")" = "$2" ]; }
