# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Prints the tables of bench/run. The input is figures.tsv, sorted by case, server, measure and value. Variables:
#
#   cases, servers   lists, in the order to print
#   floors           path of the file with the targets
#   directory        directory that receives the files for plot.gp
#
# Measures:
#
#   rps              requests/s
#   mbps             MB/s
#   cpu_request      microseconds of the server for each request
#   cpu_gb, all_gb   seconds of the server, and of server and clients, for each GB
#   busy, client     processor time of the server and of the clients, in percent
#   p50, p99         latencies in milliseconds
#   disk             bytes read from the disk / bytes of body
#   disk_file        bytes read from the disk / size of the file
#   pages            pages in the page cache
#   kib              KiB
#   hit              share of the bytes of body that came from the cache
#   growth           cpu_request of the case / cpu_request with 100 files
#   name_bytes       bytes of memory for each name
#   page_cache       MiB in the page cache at the end

function finish_group()
{
	if (count == 0)
		return
	median[group] = (value[int((count + 1) / 2)] + value[int(count / 2) + 1]) / 2
	spread[group] = median[group] > 0 ? (value[count] - value[1]) / 2 / median[group] : 0
	split(group, part, SUBSEP)
	seen[part[1], part[2]] = 1
}

{
	if (group != $1 SUBSEP $3 SUBSEP $4) {
		finish_group()
		group = $1 SUBSEP $3 SUBSEP $4
		count = 0
	}
	value[++count] = $5
}

function has(name, server, measure) { return (name, server, measure) in median }

function show(name, server, measure, width, decimals)
{
	if (has(name, server, measure))
		printf "%*.*f", width, decimals, median[name, server, measure]
	else
		printf "%*s", width, ""
}

# Prints the figure of ranged divided by that of the server.
function show_ratio(name, server, measure, width)
{
	if (server != "ranged" && has(name, "ranged", measure) && has(name, server, measure) && median[name, server, measure] > 0)
		printf "%*.2f", width, median[name, "ranged", measure] / median[name, server, measure]
	else
		printf "%*s", width, ""
}

function rate_of(name, server) { return has(name, server, "rps") && name !~ /stream|shared|64m/ ? "rps" : "mbps" }

function show_row(name, server)
{
	rate = rate_of(name, server)
	of_errors = name ~ /^404/ # their length differs between servers
	printf "%-16s%-10s", name, server
	show(name, server, name ~ /stream|shared/ ? "" : "rps", 11, 0)
	show(name, server, "mbps", 9, 0)
	printf "%7.0f%%", spread[name, server, rate] * 100
	show(name, server, name ~ /stream|shared/ ? "" : "cpu_request", 12, 1)
	show(name, server, of_errors ? "" : "cpu_gb", 8, 3)
	show(name, server, of_errors ? "" : "all_gb", 8, 3)
	show(name, server, "busy", 6, 0)
	show(name, server, "client", 8, 0)
	show(name, server, "p50", 9, 2)
	show(name, server, "p99", 9, 2)
	show(name, server, "disk", 11, 3)
	printf " |"
	show_ratio(name, server, rate, 7)
	show_ratio(name, server, of_errors ? "cpu_request" : "cpu_gb", 7)
	show_ratio(name, server, "p99", 7)
	print ""
}

function show_loads()
{
	printf "\n%-16s%-10s%11s%9s%8s%12s%8s%8s%6s%8s%9s%9s%11s |%7s%7s%7s\n", "case", "server", "requests/s", "MB/s", "spread",
		"us/request", "s/GB", "all", "busy", "client", "p50 ms", "p99 ms", "disk/body", "rate", "CPU", "p99"
	for (i = 1; i <= case_count; i++) {
		printed = 0
		for (j = 1; j <= server_count; j++) {
			if (has(case_name[i], server_name[j], "mbps")) {
				show_row(case_name[i], server_name[j])
				printed = 1
			}
		}
		if (printed)
			print ""
	}
}

function show_single(name, measure, title, decimals)
{
	if (!((name, "ranged") in seen))
		return
	printf "%-48s", title
	for (j = 1; j <= server_count; j++) {
		if (has(name, server_name[j], measure))
			printf "  %s %.*f", server_name[j], decimals, median[name, server_name[j], measure]
	}
	print ""
}

function show_singles()
{
	show_single("shared-cold", "disk_file", "shared-cold: disk bytes / file size", 3)
	show_single("page-cache", "pages", "page-cache: pages after 1 file", 0)
	show_single("idle-memory", "kib", "idle-memory: KiB for each connection", 1)
	show_single("stalled-memory", "kib", "stalled-memory: KiB for each reader", 1)
	show_single("zipf", "hit", "zipf: hit ratio", 3)
	show_single("hot-many", "growth", "hot-many: CPU per request / with 100 files", 2)
	show_single("zipf-many", "hit", "zipf-many: hit ratio", 3)
	show_single("zipf-many", "page_cache", "zipf-many: MiB of page cache", 0)
	show_single("name-memory", "name_bytes", "name-memory: bytes for each name", 0)
}

# Returns the figure to compare with a target, or -1 if it was not measured. Sets other_name to the server with that figure.
# The lowest latency and the lowest processor time are the best.
function other(name, against, measure)
{
	other_name = against
	if (against == "-")
		return 1
	if (against != "best" && against != "limit")
		return has(name, against, measure) ? median[name, against, measure] : -1
	n = split(against == "best" ? "nginx nginx-aio lighttpd h2o caddy" : "null fio", peer, " ")
	found = -1
	for (j = 1; j <= n; j++) {
		if (!has(name, peer[j], measure))
			continue
		figure = median[name, peer[j], measure]
		lower = against == "limit" || measure ~ /^(p99|cpu_)/
		if (found < 0 || (lower ? figure < found : figure > found)) {
			found = figure
			other_name = against ": " peer[j]
		}
	}
	return found
}

function show_floor(name, measure, against, relation, floor)
{
	figure_of_other = other(name, against, measure)
	if (!has(name, "ranged", measure) || figure_of_other <= 0)
		return
	ratio = median[name, "ranged", measure] / figure_of_other
	reached = relation == ">=" ? ratio >= floor : ratio <= floor
	printf "%-16s%-13s%-17s%3s %-7s%9.3f  %s\n", name, measure, other_name, relation, floor, ratio, reached ? "reached" : "MISSED"
}

function show_floors(line)
{
	printf "\n%-16s%-13s%-17s%-11s%9s\n", "case", "measure", "against", "floor", "ranged"
	while ((getline line < floors) > 0) {
		if (line !~ /^#/ && split(line, word, /[ \t]+/) == 5)
			show_floor(word[1], word[2], word[3], word[4], word[5])
	}
}

# Returns 1 if the server has this figure in a case that matches the pattern.
function is_in(server, pattern, measure)
{
	for (i = 1; i <= case_count; i++)
		if (case_name[i] ~ pattern && has(case_name[i], server, measure))
			return 1
	return 0
}

# Writes the file for one part of the picture, with one row for each case and one column for each server. A value is the
# ratio to nginx, or "-" if it was not measured.
function write_plot(part, pattern, measure, column_count, column)
{
	file = directory "/plot-" part ".tsv"
	printf "case" >file
	column_count = 0
	for (j = 1; j <= server_count; j++) {
		if (is_in(server_name[j], pattern, measure)) {
			column[++column_count] = server_name[j]
			printf "\t%s", server_name[j] >file
		}
	}
	print "" >file
	for (i = 1; i <= case_count; i++) {
		if (case_name[i] !~ pattern || !has(case_name[i], "nginx", measure))
			continue
		printf "%s", case_name[i] >file
		for (j = 1; j <= column_count; j++) {
			if (has(case_name[i], column[j], measure))
				printf "\t%.4f", median[case_name[i], column[j], measure] / median[case_name[i], "nginx", measure] >file
			else
				printf "\t-" >file
		}
		print "" >file
	}
	close(file)
}

# Writes the file for one curve of growth.png. The number in the name of a case is the first column, and there is one
# column for each server.
function write_growth(part, pattern, column_count, column)
{
	file = directory "/plot-" part ".tsv"
	printf "number" >file
	for (j = 1; j <= server_count; j++) {
		if (is_in(server_name[j], pattern, "cpu_request")) {
			column[++column_count] = server_name[j]
			printf "\t%s", server_name[j] >file
		}
	}
	print "" >file
	for (i = 1; i <= case_count; i++) {
		if (case_name[i] !~ pattern)
			continue
		printf "%s", substr(case_name[i], index(case_name[i], "-") + 1) >file
		for (j = 1; j <= column_count; j++)
			printf "\t%s", has(case_name[i], column[j], "cpu_request") ? median[case_name[i], column[j], "cpu_request"] : "-" >file
		print "" >file
	}
	close(file)
}

END {
	finish_group()
	case_count = split(cases, case_name, " ")
	server_count = split(servers, server_name, " ")
	show_loads()
	show_singles()
	show_floors()
	write_plot("hot-rate", "^hot-|^tls-", "mbps")
	write_plot("hot-cpu", "^hot-|^tls-", "cpu_gb")
	write_plot("cold-rate", "^cold-|^shared|^mixed", "mbps")
	write_plot("cold-p99", "^cold-random|^mixed", "p99")
	write_growth("growth-files", "^files-")
	write_growth("growth-clients", "^clients-")
}
