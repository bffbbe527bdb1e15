#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ffmpeg and mpv seek in a video whose index is at its end.
. "$(dirname "$0")/lib.sh"

need_client ffmpeg ffmpeg
ffmpeg -v error -f lavfi -i testsrc=size=640x360:rate=25:duration=20 -f lavfi -i sine=duration=20 -c:v mpeg4 -b:v 4M -g 25 -c:a aac -shortest "$ROOT/film.mp4" </dev/null ||
	skip_all "ffmpeg can't make a film here"
age "$ROOT/film.mp4"
serve
frames() { ffmpeg -v error -ss "$2" -i "$1" -frames:v 5 -map 0:v -f framemd5 - </dev/null | grep -v '^#'; }
for at in 0 7.5 19; do
	is "$(frames "$URL/film.mp4" $at)" "$(frames "$ROOT/film.mp4" $at)" "five frames at $at s are correct"
	isnt "$(frames "$URL/film.mp4" $at)" "" "there are frames at $at s"
done
is "$(ffprobe -v error -show_entries format=duration,size -of csv=p=0 "$URL/film.mp4")" \
	"$(ffprobe -v error -show_entries format=duration,size -of csv=p=0 "$ROOT/film.mp4")" "ffprobe reads the duration and the size"
if command -v mpv >/dev/null; then
	diag "mpv $(dpkg-query -W -f '${Version}' mpv)"
	ok "mpv plays the video" timeout "$(seconds 30)" mpv --no-config --no-terminal --vo=null --ao=null --untimed --start=12 --length=0.5 "$URL/film.mp4"
fi
mark_log
at_least "$(asked '^GET /film.mp4 206 [0-9]+ bytes=[1-9]')" 4 "the video is read in ranges"
finish
