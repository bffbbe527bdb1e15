# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Draws result.png for bench/run from the files plot-*.tsv, which report.awk writes to the current directory. All
# figures are relative to nginx.
set terminal pngcairo size 1500,900 font "sans,11"
set output "result.png"
set datafile separator "\t"
set datafile missing "-"
set style data histogram
set style histogram clustered gap 1.5
set style fill solid 0.9 noborder
set boxwidth 0.95
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror out
set xtics rotate by -25
set key outside top center horizontal samplen 1

# A server has the same colour in all parts.
color(server) = server eq "ranged" ? "#d1495b" : server eq "nginx" ? "#30638e" : server eq "nginx-aio" ? "#7aa6c2" : \
	server eq "lighttpd" ? "#edae49" : server eq "h2o" ? "#66a182" : server eq "caddy" ? "#8d6cab" : \
	server eq "null" ? "#9a9a9a" : "#5a5a5a"
header(file) = system("head -n 1 " . file)
rows(file) = int(system("wc -l <" . file)) - 1

set multiplot layout 2,2 title "ranged and other servers, each with one worker; nginx (sendfile, open\\_file\\_cache) = 1; longer bars end at 4" font ",14"
set yrange [0:*<4] # a longer bar ends at 4
do for [part in "hot-rate hot-cpu cold-rate cold-p99"] {
	file = "plot-" . part . ".tsv"
	set title (part eq "hot-rate" ? "hot, TLS: rate (more is better)" : \
		part eq "hot-cpu" ? "hot, TLS: CPU time for the same bytes (less is better)" : \
		part eq "cold-rate" ? "cold: rate (more is better; mixed: rate of the streams)" : "cold: p99 (less is better)")
	if (rows(file) > 0) {
		names = header(file)
		plot for [i = 2:words(names)] file using i:xtic(1) title columnheader(i) lc rgb color(word(names, i)), \
			1 with lines lc rgb "black" dt 2 notitle
	} else {
		plot [0:1] 0 with lines lc rgb "white" notitle # nothing was measured for this part
	}
}
unset multiplot
