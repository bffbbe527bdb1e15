#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Webalizer reads each line of the access log, in the formats timing and combined.
. "$(dirname "$0")/lib.sh"

need_tool webalizer webalizer

for format in timing combined; do
	serve_requests "access_format = $format"
	log_requests
	mkdir "$DIR/$format"
	(cd "$DIR" && webalizer -c /dev/null -v -N 0 -o "$format" -n x access.log) >"$DIR/webalizer" 2>&1
	like "$(cat "$DIR/webalizer")" "$SENT records in " "$format: each line is read"
	not_ok "$format: no line is ignored or bad" grep -iE 'ignored|bad\)|skipping' "$DIR/webalizer"
	is "$(sed -n '/>Total Hits</{n;s/.*<B>\([0-9]*\)<.*/\1/p}' "$DIR/$format"/usage_*.html)" "$SENT" "$format: the report has each request"
	rm "$DIR/access.log"
done
finish
