# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Draws growth.png for bench/run --growth from the files plot-growth-*.tsv, which report.awk writes to the current
# directory.
set terminal pngcairo size 1500,640 font "sans,11"
set output "growth.png"
set datafile separator "\t"
set datafile missing "-"
set style data linespoints
set pointsize 1.3
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror out
set key outside bottom center horizontal samplen 2
set logscale x
set yrange [0:*]
set format x "10^{%T}"
set ylabel "microseconds of the server for each request"

# A server has the same colour as in result.png.
color(server) = server eq "ranged" ? "#d1495b" : server eq "nginx" ? "#30638e" : server eq "lighttpd" ? "#edae49" : \
	server eq "h2o" ? "#66a182" : "#9a9a9a"
width(server) = server eq "ranged" ? 3 : 1.5
header(file) = system("head -n 1 " . file)
rows(file) = int(system("wc -l <" . file)) - 1

set multiplot layout 1,2 title "CPU time per request as the numbers grow; hot files of 4 KiB, each server on one processor" font ",14"
do for [part in "files clients"] {
	file = "plot-growth-" . part . ".tsv"
	set title (part eq "files" ? "number of files, 32 connections" : "number of connections, 10,000 files")
	if (part eq "files") {
		set xrange [70:1500000]
	} else {
		set xrange [25:4000]
		set format x "%.0f"
		set xtics (32, 320, 3200)
	}
	if (rows(file) > 0) {
		names = header(file)
		plot for [i = 2:words(names)] file using 1:i title word(names, i) lc rgb color(word(names, i)) \
			lw width(word(names, i)) pt 7
	} else {
		plot [1:10] [0:1] 0 with lines lc rgb "white" notitle # nothing was measured for this part
	}
}
unset multiplot
