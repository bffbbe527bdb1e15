#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# hls.js in Chromium plays a stream whose segments are ranges of one file, from a server of another origin, and seeks.
. "$(dirname "$0")/lib.sh"

need_client ffmpeg ffmpeg
need_client chromium chromium
need_npm hls.js
mkdir "$ROOT/live"
ffmpeg -v error -f lavfi -i testsrc=size=320x180:rate=25:duration=30 -c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p -f hls -hls_time 2 -hls_playlist_type vod \
	-hls_segment_type fmp4 -hls_flags single_file "$ROOT/live/a.m3u8" </dev/null || skip_all "ffmpeg cannot make the stream"
cp "$NPM/node_modules/hls.js/dist/hls.min.js" "$ROOT/"
LISTEN=
serve 'cors = {"*"}' 'listen = {"127.0.0.1:0", "127.0.0.1:0"}'
other=$(sed -n 2p "$DIR/address")
make_text page.html "<!doctype html><script src=hls.min.js></script><video muted></video><script>
window.problems = [];
const video = document.querySelector('video'), hls = new Hls();
hls.on(Hls.Events.ERROR, (event, data) => { if (data.fatal) problems.push(data.details); });
hls.loadSource('http://$other/live/a.m3u8');
hls.attachMedia(video);
</script>"
browse() { printf '%s\n' "$@" | perl "$LIB/chromium.pl" "$DIR/chromium" >"$DIR/seen" 2>"$DIR/browser"; }
# Resolves when the video has reached this time.
at() { echo "eval new Promise((done) => { video.currentTime = $1; video.onseeked = () => done(Math.round(video.currentTime)); setTimeout(() => done('no: ' + problems), $(seconds 20000)); })"; }
browse "go $URL/page.html" 'eval Hls.isSupported()' "eval new Promise((done) => { video.onloadeddata = () => done(Math.round(video.duration)); if (video.readyState > 1) video.onloadeddata(); setTimeout(() => done('no: ' + problems), $(seconds 20000)); })" \
	"$(at 21)" "$(at 3)" 'eval problems.length'
is "$(xargs <"$DIR/seen")" "true 30 21 3 0" "the video plays and seeks"
mark_log
at_least "$(asked '^GET /live/a.m4s 206|^GET /live/[^ ]*mp4 206')" 3 "the segments are fetched as ranges"
finish
