-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- What wrk asks for in bench/run, told by the environment:
--   PATHS   the files, in turn (or at random, with BYTES)
--   BYTES   if set, a range of that many bytes at a random offset, which is a multiple of ALIGN, plus SHIFT, within FILE_BYTES
--   SEED    the same seed asks for the same ranges
-- It ends with one line: "wrk requests bytes microseconds p50 p99 errors", latencies in microseconds.

local paths, whole, turn = {}, {}, 0
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
		turn = turn % #whole + 1
		return whole[turn]
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
