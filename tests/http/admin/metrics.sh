#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# /metrics and /status contain all documented names, in formats that Prometheus reads. Each metric is in the manual.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

need_cmd promtool
make_file a.bin 3000000
start_with_admin --workers 2
get /a.bin
await_metric 'ranged_requests_total{method="GET",status="200"}' 1

# First the families without labels, then the others, by one of their samples.
for name in ranged_start_time_seconds ranged_ready ranged_connections_max ranged_connections_accepted_total ranged_transfers ranged_cache_hit_ratio \
	ranged_cache_byte_hit_ratio ranged_first_byte_seconds_sum ranged_first_byte_seconds_count ranged_cache_size_bytes ranged_cache_extents \
	ranged_cache_evictions_total ranged_cache_evicted_bytes_total ranged_cache_ghost_hits_total ranged_cache_waiting \
	ranged_cache_fragmentation_ratio ranged_open_files; do
	find_metric $name
	like "$VALUE" '^[0-9.e+-]+$' "$name has a value"
done
IFS= read -rd '' metrics <"$DIR/metrics"
has() { # FAMILY LABEL VALUE...
	local value
	for value in "${@:3}"; do
		like "$metrics" $'\n'"$1\\{([a-z]+=\"[^\"]*\",)*$2=\"$value\"[,}][^"$'\n'"]* [0-9.e+-]+"$'\n' "$1 has $2=$value"
	done
}
"$RANGED" --version >"$DIR/version"
has ranged_build_info version "$(sed -n 's/^ranged //p' "$DIR/version")"
has ranged_build_info library "$(sed -n 's/^libmicrohttpd //p' "$DIR/version")"
has ranged_build_info sender "$(sed -n 's/^long bodies: //p' "$DIR/version")"
has ranged_reloads_total result 'done' failed
has ranged_connections state idle head work send
has ranged_requests_total method GET
has ranged_requests_total status 200
has ranged_response_bytes_total source cache coalesced disk other
has ranged_cache_lookups_total result hit coalesced miss
has ranged_rejected_total reason max_connections max_connections_per_client requests_per_client transfers_per_client disk_queue_timeout bad_request access \
	expired memory
has ranged_device_info mode 'nowait|async|offload'
for name in read_seconds_bucket read_seconds_sum read_seconds_count queue_wait_seconds_bucket in_flight in_flight_bytes depth depth_bytes queued \
	reads_total read_bytes_total errors_total eagain_total merged_total cancelled_total rejected_total submits_total slow_submits_total \
	lookups_total; do
	has ranged_device_$name device '[0-9]+:[0-9]+'
done
has ranged_device_lookups_total result inline eagain offload
has ranged_device_read_seconds_bucket le '[+]Inf'
has ranged_loop_stalls_total call events http queue submit
has ranged_loop_longest_stall_seconds call events http queue submit
has ranged_loop_iterations_total worker 0 1
has ranged_cache_bytes state free in_use idle pinned
has ranged_file_lookups_total result hit revalidated opened failed
has ranged_log_lines_total log '[^"]*error[.]log' '[^"]*access[.]log'
has ranged_log_dropped_total log '[^"]*error[.]log'

is "$(promtool check metrics <"$DIR/metrics" 2>&1)" "" "promtool reports nothing"
ask_admin /metrics
is "$(header Content-Type)" "text/plain; version=0.0.4; charset=utf-8" "the text format has its content type"
ask_admin /metrics -H 'Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1'
is "$(header Content-Type)" "application/openmetrics-text; version=1.0.0; charset=utf-8" \
	"OpenMetrics is sent on request"
is "$(tail -n 1 "$BODY")" "# EOF" "OpenMetrics ends with # EOF"
ok "in OpenMetrics the TYPE of a counter has no _total" grep -qx '# TYPE ranged_requests counter' "$BODY"
not_ok "no TYPE or HELP has _total" grep -qE '^# (TYPE|HELP) [a-z_]+_total ' "$BODY"
samples() { grep -v '^#' "$1" | sed 's/ [^ ]*$//'; }
is "$(diff <(samples "$BODY") <(samples "$DIR/metrics") | head -n 3)" "" "both formats have the same samples"
ask_admin /metrics -H 'Accept: text/plain, application/openmetrics-text;q=0.2'
like "$(header Content-Type)" '^text/plain' "the text format is sent on request"
for python in /usr/bin/python3 python3; do
	"$python" -c 'import prometheus_client.openmetrics.parser' 2>/dev/null || continue
	ask_admin /metrics -H 'Accept: application/openmetrics-text'
	ok "a strict OpenMetrics parser accepts it" "$python" -c 'import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
assert len(list(parse(sys.stdin.read()))) > 40' <"$BODY"
	break
done

# Buckets are cumulative: each is at least the one before, and +Inf is the count.
is "$(awk '/^ranged_[a-z_]*_bucket/ { series = $1; sub(/,?le="[^"]*"/, "", series); if (series == last && $2 < before) print; last = series; before = $2 }' \
	"$DIR/metrics")" "" "buckets are cumulative"
is "$(metric 'ranged_first_byte_seconds_bucket{le="+Inf"}')" "$(metric ranged_first_byte_seconds_count)" \
	"the bucket +Inf is the count"

manual=$(<"$LIB/../../man/ranged.8")
while read -r family; do
	like $'\n'"$manual"$'\n' "[ ,"$'\n'"]${family}[ ,"$'\n'"]" "$family is in the manual"
done < <(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$DIR/metrics")

ask_admin /status
is "$STATUS $(header Content-Type)" "200 application/json" "/status is JSON"
cp "$BODY" "$DIR/status"
keys=(version library sender pid started uptime_ms now_ms state ready reloads reload_failures 
	connections.{now,max,idle,head,work,send,accepted,refused} transfers requests.{total,by_status.200,by_method.GET} 
	bytes.{cache,coalesced,disk,other,read} cache_lookups.{hit,coalesced,miss} 
	rejected.{max_connections,max_connections_per_client,requests_per_client,transfers_per_client,disk_queue_timeout,bad_request,access,expired,memory} 
	latency.{first_byte,disk,queue}.{count,sum_us,p50_us,p90_us,p99_us,buckets.0.0,buckets.0.1} 
	cache.{bytes,free_bytes,in_use_bytes,idle_bytes,pinned_bytes,small_bytes,main_bytes,extents,shards,waiting,hits,coalesced,misses,evictions} 
	cache.{evicted_bytes,ghost_hits,admissions,fragmentation} files.{open,hits,revalidations,opens,failures} 
	devices.0.{device,mode,depth,depth_bytes,in_flight,in_flight_bytes,queued,reads,read_bytes,errors,eagain,merged,cancelled,rejected,submits} 
	devices.0.{slow_submits,lookups.{inline,eagain,offload},local,latency.count,wait.count} 
	workers.1.{index,connections,queued,in_flight,iterations,last_iteration_ms_ago,stalls.{events,http,queue,submit},longest_us.{events,http,queue,submit}} 
	logs.0.{name,lines,dropped} top.files.0.{path,site,bytes,requests} top.clients)
mapfile -t values < <(status_value "${keys[@]}")
for i in "${!keys[@]}"; do
	isnt "${values[i]-null}" null "/status has ${keys[i]}"
done
is "$(status_value config)" null "/status has no configuration file"
mapfile -t values < <(status_value pid state ready started)
is "${values[*]:0:3}" "$PID serving 1" "/status has the process"
like "${values[3]}" '^20[0-9-]*T[0-9:]*Z$' "/status has the time of the start"
first_file() { # the ranking of the files is kept for a moment
	take_numbers
	[ "$(status_value top.files.0.path)" = /a.bin ]
}
ok "/status lists the file with the most bytes" await 10 first_file
finish
