#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A reload applies name_cache and open_file_cache, whether they decrease or increase.
. "$(dirname "$0")/../lib.sh"
. "$LIB/names.sh"
. "$LIB/admin.sh"

make_links 20000
# shellcheck disable=SC2046
make_sizes $(seq 120)

request_links() { # FIRST LAST
	is "$(perl "$LIB/pipeline.pl" "$ADDRESS" 4 HEAD "$LINKS" "$1" "$2")" "200 $(($2 - $1 + 1))" "names $1 to $2 are found"
}
request_files() { curl -sS --fail -o /dev/null "$URL/[$1-$2].bin"; } # FIRST LAST
names() { take_numbers && status_value names.count; }
open_files() { find "/proc/$PID/fd" -lname "$ROOT/*.bin" 2>/dev/null | wc -l; }
few() { [ "$(open_files)" -le 8 ]; }

config 'name_cache = 8192' 'open_file_cache = 100'
start_with_admin --workers 2
request_files 1 40
is "$(open_files)" 40 "the files stay open"
request_links 0 5999
at_least "$(names)" 5900 "all names are known"

config 'name_cache = 1024' 'open_file_cache = 8'
reload_ranged
request_links 6000 11999
at_most "$(names)" 1200 "after a reload, fewer names are known"
at_least "$(names)" 800 "the latest names are known"
is "$(status_value names.max)" 1024 "the status has the new maximum"
request_files 41 80
ok "after a reload, fewer files stay open" await 5 few

config 'name_cache = 8192' 'open_file_cache = 100'
reload_ranged
request_links 12000 17999
at_least "$(names)" 5900 "after another reload, more names are known"
request_files 81 120
at_least "$(open_files)" 40 "more files stay open"
finish
