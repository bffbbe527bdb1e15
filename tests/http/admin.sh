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
	curl -sS --fail --fail-early --max-time "$((20 * RANGED_SLOW))" "http://$ADMIN/metrics" -o "$DIR/metrics" "http://$ADMIN/status" -o "$DIR/status"
}

# NAME[{LABELS}]: prints the value of a sample; prints nothing if there is no such sample.
metric() {
	find_metric "$1"
	printf '%s\n' "$VALUE"
}

# NAME[{LABELS}]: sets VALUE, without a process.
find_metric() {
	local text value='([^ '$'\n'']*)'
	IFS= read -rd '' text <"$DIR/metrics"
	VALUE=
	[[ $'\n'$text =~ $'\n'"$1 "$value ]] && VALUE=${BASH_REMATCH[1]}
}

# KEY.KEY...: prints a value of /status, or "null". A number is an index of an array. The values of several keys are
# on lines of their own.
status_value() {
	perl -MJSON::PP -e '
		local $/;
		open my $in, "<", shift or die;
		my $status = decode_json(<$in>);
		my @values;
		for (@ARGV) {
			my $value = $status;
			for my $key (split /\./) {
				$value = ref $value eq "ARRAY" ? $value->[$key] : $value->{$key};
			}
			push @values, defined $value ? ref $value eq "" || ref $value eq "JSON::PP::Boolean" ? $value : encode_json($value) : "null";
		}
		print "$_\n" for @values' "$DIR/status" "$@"
}

# NAME VALUE: waits until a sample has this value.
await_metric() { await 5 has_metric "$@"; }
has_metric() { take_numbers && find_metric "$1" && [ "$VALUE" = "$2" ]; }
