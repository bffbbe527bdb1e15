-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- The requests of wrk in bench/run. Variables of the environment control them:
--   PATHS        the files, requested in turn; with BYTES, in random order
--   BYTES        if set, each request has a range of that many bytes at a random offset
--   ALIGN, SHIFT the offset is a multiple of ALIGN plus SHIFT
--   FILE_BYTES   size of each file
--   SEED         the same seed produces the same ranges
-- At the end it prints one line: "wrk requests bytes microseconds p50 p99 errors", with latencies in microseconds.

local paths, whole, last = {}, {}, 0
local bytes, align, shift, slots

function init()
	math.randomseed(tonumber(os.getenv("SEED") or "1"))
	for path in os.getenv("PATHS"):gmatch("%S+") do
		paths[#paths + 1] = path
		whole[#whole + 1] = wrk.format("GET", path)
	end
	bytes = tonumber(os.getenv("BYTES") or "")
	if bytes then
		align, shift = tonumber(os.getenv("ALIGN")), tonumber(os.getenv("SHIFT"))
		slots = math.floor((tonumber(os.getenv("FILE_BYTES")) - bytes - shift) / align)
	end
end

function request()
	if not bytes then
		last = last % #whole + 1
		return whole[last]
	end
	local first = math.random(0, slots) * align + shift
	return string.format("GET %s HTTP/1.1\r\nHost: bench\r\nRange: bytes=%.0f-%.0f\r\n\r\n", paths[math.random(#paths)], first,
		first + bytes - 1)
end

function done(summary, latency)
	local failed = summary.errors
	io.write(string.format("wrk %d %.0f %d %d %d %d\n", summary.requests, summary.bytes, summary.duration, latency:percentile(50),
		latency:percentile(99), failed.connect + failed.read + failed.write + failed.status + failed.timeout))
end
