#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# AWStats reads the access log with the log formats that ranged.conf(5) states. Only requests without a method of HTTP
# are dropped, as with every server.
. "$(dirname "$0")/lib.sh"

AWSTATS=/usr/lib/cgi-bin/awstats.pl
need_tool $AWSTATS awstats

for format in timing combined; do
	serve_requests "access_format = $format"
	log_requests
	log_format=$(manual_lines "awstats $format")
	{
		printf '%s\n' "LogFile=\"$DIR/access.log\"" LogType=W 'SiteDomain="x"' 'HostAliases="localhost"' DNSLookup=0 "DirData=\"$DIR\"" 'ShowHTTPErrorsStats=1'
		echo "$log_format"
	} >"$DIR/awstats.$format.conf"
	perl $AWSTATS -config=$format -configdir="$DIR" -update -showcorrupted -showdropped >"$DIR/awstats" 2>&1
	odd=$(grep -cE '^\S+ - \S+ \[[^]]*\] "(BREW|CONNECT|-) ' "$DIR/access.log")
	empty=$(grep -cE '^\S+ - \S+ \[[^]]*\] "-" ' "$DIR/access.log")
	found() { sed -n "s/^ *Found \([0-9]*\) $1.*/\1/p" "$DIR/awstats"; }
	is "$(found 'corrupted records')" "$empty" "$format: no line is corrupted, except those without a request"
	is "$(found 'dropped records')" "$odd" "$format: no line is dropped, except those without a method of HTTP"
	is "$(found 'new qualified records')" $((SENT - odd - empty)) "$format: each other line is accepted"
	rm "$DIR/access.log"
done
finish
