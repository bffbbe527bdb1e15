// The live page requests /status once a second, stores the answers of the last five minutes, and draws them. Names from the server
// are inserted as text, never as HTML. The makefile removes comment lines and leading blanks when it embeds this file in ranged.
"use strict";
{
	const SPAN = 300e3, RECENT = 10e3, MINUTE = 60e3;
	const SOURCES = ["cache", "coalesced", "disk", "other"], RESULTS = ["hit", "coalesced", "miss"];
	const TITLES = {
		cache: "from the cache", coalesced: "from a read that another request had started", disk: "read from disk for this request",
		other: "listings and error pages",
	};
	const get = (id) => document.getElementById(id);
	const make = (parent, name, kind, text) => {
		const element = parent.appendChild(document.createElement(name));
		if (kind) element.className = kind;
		if (text !== undefined) element.textContent = text;
		return element;
	};
	// Sets the text only if it has changed, so that the browser does not lay out the page again.
	const put = (element, text) => element.textContent !== text && (element.textContent = text);
	const sum = (list) => list.reduce((a, b) => a + b, 0);

	// Format numbers with about three digits.
	const digits = (n) => n.toFixed(n < 9.995 ? 2 : n < 99.95 ? 1 : 0);
	const scaled = (n, base, units) => {
		let unit = 0;
		while (n >= 999.5 && unit < units.length - 1) n /= base, unit++;
		return (unit ? digits(n) : Math.round(n)) + units[unit];
	};
	const bytes = (n) => scaled(n, 1024, [" B", " KiB", " MiB", " GiB", " TiB", " PiB"]);
	const rate = (n) => n === undefined ? "–" : bytes(n) + "/s";
	const count = (n) => n === undefined ? "–" : n < 9999.5 ? n.toFixed(n < 9.95 && n % 1 ? 1 : 0) : scaled(n, 1e3, ["", " k", " M", " G", " T"]);
	const time = (us) => us === undefined ? "–" : scaled(us, 1e3, [" µs", " ms", " s"]);
	const percent = (share) => share === undefined ? "–" : (share * 100).toFixed(share > 0.9995 || share === 0 ? 0 : 1) + " %";
	const span = (ms) => {
		const s = Math.round(ms / 1e3), m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
		return d ? d + " d " + h % 24 + " h" : h ? h + " h " + m % 60 + " min" : m ? m + " min" + (s % 60 ? " " + s % 60 + " s" : "") : s + " s";
	};

	// samples: the answers of the server. steps: the differences between two successive samples.
	let samples = [], steps = [], now, lost, hover;
	const same = (a, b) => a.pid === b.pid && a.started === b.started && a.now_ms <= b.now_ms;
	// Returns the newest sample that is at least `ms` milliseconds old, or the oldest sample.
	const ago = (ms) => samples.findLast((s) => s.now_ms <= now.now_ms - ms) || samples[0];
	const grown = (a, b) => b.now_ms > a.now_ms && { per: (x, y) => (y - x) / (b.now_ms - a.now_ms) * 1e3 };

	// Returns the difference of two histograms, as buckets [upper bound, count].
	const between = (a, b) => {
		const was = new Map(a ? a.buckets : []);
		return b.buckets.map(([upper, n]) => [upper, n - (was.get(upper) || 0)]).filter((cell) => cell[1] > 0);
	};
	// Returns a quantile, interpolated linearly within a bucket as in Prometheus. The lower bound of a bucket is half of its upper bound.
	const quantile = (cells, q) => {
		const all = sum(cells.map((cell) => cell[1]));
		let below = 0;
		for (const [upper, n] of cells) {
			const lower = upper > 1 ? upper / 2 : 0;
			if (below + n >= q * all) return lower + (upper - lower) * (q * all - below) / n;
			below += n;
		}
	};
	const ratio = (a, b, keys) => {
		const [hit, coalesced, miss] = keys.map((key) => b[key] - a[key]);
		return hit + coalesced + miss > 0 ? (hit + coalesced) / (hit + coalesced + miss) : undefined;
	};
	const device = (status, name) => status.devices.find((d) => d.device === name);
	const failed = (s) => sum(Object.entries(s.requests.by_status).map(([status, n]) => status >= "400" ? n : 0));

	// Names show invisible characters and controls of text direction as \u{NNNN}, as listings do.
	const invisible = /[\p{Cc}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;
	const nameOf = (e) => e.address || ((e.site || "") + e.path).replace(invisible, (c) => "\\u{" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "}");
	// Returns the increase of each entry of a top list, as [name, bytes, requests]. A new entry counts from 0. If the earlier list was full,
	// a new entry may have existed before and is ignored in this step.
	const risen = (a, b) => b.map((e) => {
		const was = a.find((o) => nameOf(o) === nameOf(e)), n = was && was.bytes <= e.bytes ? was : was || a.length < 20 ? { bytes: 0, requests: 0 } : e;
		return [nameOf(e), e.bytes - n.bytes, e.requests - n.requests];
	});

	const stepOf = (a, b) => {
		const { per } = grown(a, b);
		const first = between(a.latency.first_byte, b.latency.first_byte);
		const step = { from: a.now_ms, to: b.now_ms, devices: {}, requests: per(a.requests.total, b.requests.total),
			hit: ratio(a.cache_lookups, b.cache_lookups, RESULTS), first: quantile(first, 0.5), now: b.connections.now, flying: sum(b.devices.map((d) => d.in_flight)) };
		for (const list of ["files", "clients"]) step[list] = risen(a.top[list], b.top[list]);
		step.sent = SOURCES.map((source) => per(a.bytes[source], b.bytes[source]));
		step.total = sum(step.sent);
		for (const d of b.devices) {
			const was = device(a, d.device), cells = between(was && was.latency, d.latency);
			step.devices[d.device] = { cells, reads: per(was ? was.reads : 0, d.reads), bytes: per(was ? was.read_bytes : 0, d.read_bytes),
				p50: quantile(cells, 0.5), p99: quantile(cells, 0.99) };
		}
		return step;
	};
	const take = (status) => {
		const last = now;
		now = status;
		if (last && last.now_ms > now.now_ms) steps = [];
		if (!last || !same(last, now)) samples = [];
		else if (grown(last, now)) steps.push(stepOf(last, now));
		samples.push(now);
		while (samples.length > 1 && samples[1].now_ms <= now.now_ms - SPAN) samples.shift();
		while (steps.length && steps[0].to <= now.now_ms - SPAN) steps.shift();
	};

	// Charts.
	let style;
	const colour = (name) => style.getPropertyValue("--" + name).trim();
	const pen = (canvas) => {
		const w = canvas.clientWidth, h = canvas.clientHeight, scale = devicePixelRatio, c = canvas.getContext("2d");
		const fit = (side, n) => canvas[side] !== Math.round(n * scale) && (canvas[side] = Math.round(n * scale));
		fit("width", w);
		fit("height", h);
		c.setTransform(scale, 0, 0, scale, 0, 0);
		c.clearRect(0, 0, w, h);
		c.font = "12px " + style.fontFamily;
		return { c, w, h, snap: (v) => Math.round(v * scale) / scale, x: (t) => w + (t - now.now_ms) / SPAN * w };
	};
	// the width of the labels to the left of a chart over time
	const edge = (canvas) => canvas.clientWidth < 480 ? 56 : 68;
	const frame = (canvas) => {
		const p = pen(canvas), { c, w, h, snap } = p;
		p.left = edge(canvas);
		p.bottom = h - 22;
		p.x = (t) => w + (t - now.now_ms) / SPAN * (w - p.left);
		p.line = (x0, y0, x1, y1, name) => {
			c.strokeStyle = colour(name);
			c.beginPath();
			c.moveTo(snap(x0) - 0.5, snap(y0) - 0.5);
			c.lineTo(snap(x1) - 0.5, snap(y1) - 0.5);
			c.stroke();
		};
		// Draws a horizontal line with its value.
		p.grid = (y, text) => {
			c.textAlign = "right";
			c.fillStyle = colour("soft");
			c.fillText(text, p.left - 8, Math.max(8, y));
			p.line(p.left, y, w, y, "grid");
		};
		p.end = () => hover && p.line(p.x(hover), 0, p.x(hover), p.bottom, "ink");
		c.fillStyle = colour("soft");
		c.textBaseline = "middle";
		for (let m = 5; m >= 0; m--) {
			c.textAlign = m === 5 ? "left" : m ? "center" : "right";
			if (w > 480 || m % 5 === 0) c.fillText(m ? "−" + m + " min" : "now", p.x(now.now_ms - m * MINUTE), h - 8);
		}
		return p;
	};
	// Groups successive steps, as points to connect. A step of more than 3 s is drawn as a flat line.
	const runs = () => {
		const found = [];
		let last;
		for (const step of steps) {
			if (!last || last.to !== step.from) found.push([[step.from, step]]);
			const run = found.at(-1);
			if (step.to - step.from > 3e3) run.push([step.from, step]);
			run.push([step.to, step]);
			last = step;
		}
		return found;
	};
	const trim = (text) => text.replace(/\.?0+(?= )/, (end) => text.includes(".") ? "" : end);
	const area = ({ c, x }, run, y, of) => {
		c.beginPath();
		c.moveTo(x(run[0][0]), y(0));
		for (const [t, step] of run) c.lineTo(x(t), y(of(step)));
		c.lineTo(x(run.at(-1)[0]), y(0));
		c.fill();
	};
	const drawSent = () => {
		const canvas = get("sent"), p = frame(canvas), { c } = p, most = Math.max(0, ...steps.map((step) => step.total));
		const tick = 2 ** Math.ceil(Math.log2(Math.max(most, 4096) / 4)), lines = Math.max(2, Math.ceil(most / tick));
		const y = (v) => p.bottom - v / (tick * lines) * (p.bottom - 10);
		c.save();
		c.beginPath();
		c.rect(p.left, 0, p.w, p.bottom);
		c.clip();
		for (let k = SOURCES.length - 1; k >= 0; k--) {
			c.fillStyle = colour(SOURCES[k]);
			for (const run of runs()) area(p, run, y, (step) => sum(step.sent.slice(0, k + 1)));
		}
		c.restore();
		for (let i = 0; i <= lines; i++) p.grid(y(i * tick), i ? trim(bytes(i * tick)) : "0");
		p.end();
		const last = steps.at(-1) || {};
		canvas.ariaLabel = "Sent to clients by source, the last five minutes: now " + rate(last.total) + ", at most " + rate(most) + ". Now " +
			SOURCES.map((source, i) => source + " " + rate(last.sent && last.sent[i])).join(", ") + ".";
	};
	const drawHeat = (card, name) => {
		const p = frame(card.canvas), { c, snap } = p, heat = colour("heat");
		const seen = steps.filter((step) => step.devices[name]), all = seen.flatMap((step) => step.devices[name].cells.map(([upper]) => Math.log2(upper)));
		const low = Math.min(4, ...all.map((e) => e - 1)), high = Math.max(14, ...all), y = (e) => p.bottom - (e - low) / (high - low) * (p.bottom - 8);
		const busy = (step, n) => n / (step.to - step.from) * 1e3;
		const most = Math.max(1, ...seen.flatMap((step) => step.devices[name].cells.map(([, n]) => busy(step, n))));
		for (const step of seen) {
			const x0 = snap(Math.max(p.left, p.x(step.from))), x1 = snap(p.x(step.to));
			for (const [upper, n] of step.devices[name].cells) {
				const e = Math.log2(upper), y0 = snap(y(e));
				c.fillStyle = "rgba(" + heat + "," + (0.12 + 0.88 * Math.log1p(busy(step, n)) / Math.log1p(most)) + ")";
				c.fillRect(x0, y0, x1 - x0, snap(y(e - 1)) - y0);
			}
		}
		for (let us = 1; Math.log2(us) <= high; us *= 10) if (Math.log2(us) >= low) p.grid(y(Math.log2(us)), trim(time(us)));
		p.line(p.left, p.bottom, p.w, p.bottom, "grid");
		p.end();
		put(card.most, count(most) + " reads/s");
		const is = device(now, name), was = device(samples[0], name), cells = is ? between(was && was.latency, is.latency) : [];
		card.canvas.ariaLabel = "Latency of reads from disk " + name + ", the last five minutes, as a heat map: median " + time(quantile(cells, 0.5)) +
			", 99th percentile " + time(quantile(cells, 0.99)) + ".";
	};
	const drawSpark = ({ canvas, of, floor }) => {
		const p = pen(canvas), { c } = p, most = Math.max(floor, ...steps.map((step) => step[of] || 0)), y = (v) => p.h - 1 - (v || 0) / most * (p.h - 3);
		for (const run of runs()) {
			c.fillStyle = "rgba(" + colour("heat") + ",.14)";
			area(p, run, y, (step) => step[of]);
			c.beginPath();
			for (const [t, step] of run) c.lineTo(p.x(t), y(step[of]));
			c.strokeStyle = colour("cache");
			c.lineWidth = 1.5;
			c.lineJoin = "round";
			c.stroke();
		}
	};

	// Tables. Rows are reused, and only changed cells are written.
	const fill = (id, list) => {
		const body = get(id).tBodies[0];
		while (body.rows.length > list.length) body.lastChild.remove();
		list.forEach((cells, i) => {
			const row = body.rows[i] || make(body, "tr");
			cells.forEach((cell, k) => {
				const [text, kind, title] = Array.isArray(cell) ? cell : [cell];
				let at = row.cells[k];
				if (!at) {
					at = make(row, k ? "td" : "th");
					if (!k) at.scope = "row";
					if (!k && kind) make(at, "i", kind);
					make(at, "span");
				}
				put(at.lastChild, text);
				if (k) at.className = kind || "";
				at.title = title || "";
			});
		});
	};
	const caption = (id, text) => put(get(id).caption.lastChild, text);
	const stack = (id, parts, whole) => {
		const bar = get(id);
		parts.forEach(([kind, n], i) => {
			const part = bar.children[i] || make(bar, "span", kind);
			part.style.width = whole > 0 ? Math.min(100, n / whole * 100) + "%" : 0;
		});
	};
	const tiles = [
		["Sent", "total", 1024], ["Requests", "requests", 1], ["Hit ratio", "hit", 1],
		["First byte, p50", "first", 100], ["Connections", "now", 1], ["Reads in flight", "flying", 1],
	].map(([title, of, floor]) => {
		const tile = make(get("tiles"), "section", "tile");
		make(tile, "h2", "", title);
		const parts = { big: make(tile, "p", "big", "–"), small: make(tile, "p", "", "–"), canvas: make(tile, "canvas"), of, floor };
		parts.canvas.ariaHidden = true;
		return parts;
	});
	const tile = (i, big, small) => (put(tiles[i].big, big), put(tiles[i].small, small));
	const showTiles = () => {
		const last = steps.at(-1), was = ago(RECENT), recent = grown(was, now);
		const first = between(recent && was.latency.first_byte, now.latency.first_byte), asked = now.requests.total - was.requests.total;
		tile(0, rate(last && last.total), recent ? rate(recent.per(was.bytes.read, now.bytes.read)) + " from disks" : "–");
		tile(1, last ? count(last.requests) + "/s" : "–", asked > 0 ? percent((failed(now) - failed(was)) / asked) + " errors" : "none recently");
		tile(2, percent(ratio(was.cache_lookups, now.cache_lookups, RESULTS)), "of bytes " + percent(ratio(was.bytes, now.bytes, SOURCES)));
		tile(3, time(recent ? quantile(first, 0.5) : undefined), "p99 " + time(recent ? quantile(first, 0.99) : undefined));
		tile(4, count(now.connections.now), count(now.connections.send) + " sending, of " + now.connections.max);
		tile(5, count(sum(now.devices.map((d) => d.in_flight))), count(sum(now.devices.map((d) => d.queued))) + " queued");
	};
	const showMemory = () => {
		const m = now.cache, c = now.connections, rest = Math.max(0, m.bytes - m.free_bytes - m.idle_bytes - m.in_use_bytes);
		put(get("memory-size"), bytes(m.bytes));
		stack("memory", [["cache", m.idle_bytes], ["coalesced", rest], ["disk", m.in_use_bytes], ["free", m.free_bytes]], m.bytes);
		fill("memory-table", [["cache", "idle"], ["coalesced", "pinned"], ["disk", "in use"], ["free", "free"]].map(([kind, name]) => {
			const n = m[name.replace(" ", "_") + "_bytes"];
			return [[name, kind], bytes(n), percent(m.bytes ? n / m.bytes : undefined)];
		}));
		put(get("connections-size"), c.now + " of " + c.max);
		const states = [["other", "idle"], ["coalesced", "head"], ["disk", "work"], ["cache", "send"]];
		stack("connections", states.map(([kind, name]) => [kind, c[name]]), c.max || c.now);
		fill("connections-table", states.map(([kind, name]) => [[name, kind], count(c[name]), percent(c.now ? c[name] / c.now : undefined)]));
	};

	const showTop = (list, other) => {
		const since = Math.max(now.now_ms - MINUTE, samples[0].now_ms), sums = new Map();
		for (const [name, n, requests] of steps.flatMap((step) => step.from >= since ? step[list] : [])) {
			const at = sums.get(name) || [0, 0];
			sums.set(name, [at[0] + n, at[1] + requests]);
		}
		const rows = [...sums].filter((row) => row[1][0] > 0).sort((a, b) => b[1][0] - a[1][0]).slice(0, 10);
		caption(list, (rows.length ? "" : "none in the ") + "last " + Math.round((now.now_ms - since) / 1e3) + " s");
		fill(list, rows.map(([name, [n, requests]]) => [[name, "", name], bytes(n), count(other(name, requests))]));
	};
	const showTables = () => {
		const was = ago(SPAN), recent = ago(RECENT), per = grown(recent, now), ms = span(now.now_ms - was.now_ms);
		const fresh = (n, kind) => [count(n), n > 0 ? kind : "zero"];
		caption("workers", "last " + ms + "; longest since start");
		fill("workers", now.workers.map((w) => {
			const before = was.workers.find((o) => o.index === w.index) || w, longest = Math.max(...Object.values(w.longest_us));
			return [count(w.index), ...Object.keys(w.stalls).map((call) => fresh(w.stalls[call] - before.stalls[call], "hit")), longest ? time(longest) : "–"];
		}));
		fill("statuses", Object.keys(now.requests.by_status).sort().map((status) => {
			const n = now.requests.by_status[status];
			return [status, per ? count(per.per(recent.requests.by_status[status] || 0, n)) + "/s" : "–", count(n)];
		}));
		put(get("rejected-span"), ms);
		fill("rejected", Object.keys(now.rejected).map((reason) => {
			const n = now.rejected[reason];
			return [reason, fresh(n - (was.rejected[reason] || 0), "some"), count(n)];
		}));
		showTop("files", (name, requests) => requests);
		showTop("clients", (name) => (now.top.clients.find((e) => e.address === name) || { connections: 0 }).connections);
	};

	// Files in memory: one page of the ranking. The server ranks all names for each request, so the page is requested again only after
	// ten seconds, or after 20 times the duration of the last request.
	const PAGE = 10;
	let first = 0, ranking, again;
	const showResident = (hot) => {
		const end = hot.offset + hot.files.length;
		caption("resident", hot.files.length ? (hot.offset + 1) + "–" + end + " of " + hot.total.toLocaleString("en") : "none");
		fill("resident", hot.files.map((e) => [[nameOf(e), "", nameOf(e)], bytes(e.resident_bytes), bytes(e.size), count(e.requests)]));
		get("previous").disabled = !hot.offset;
		get("next").disabled = end >= hot.total;
	};
	const rank = async () => {
		if (ranking) return;
		const began = performance.now();
		ranking = true;
		clearTimeout(again);
		try {
			for (let hot; !hot || first !== hot.offset; showResident(hot)) {
				hot = await ask("cache/hot?limit=" + PAGE + "&offset=" + first, 30e3);
				if (first >= hot.total) first = Math.max(0, Math.ceil(hot.total / PAGE - 1) * PAGE);
			}
		} catch { // The head of the page shows that the server does not answer.
		} finally {
			ranking = false;
			if (!document.hidden) again = setTimeout(rank, Math.max(10e3, 20 * (performance.now() - began)));
		}
	};
	const turn = (by) => (first = Math.max(0, first + by), rank());
	get("previous").onclick = () => turn(-PAGE);
	get("next").onclick = () => turn(PAGE);

	// Disks. Each disk has a card, which is added when the disk first appears.
	const cards = {};
	const cardOf = (name) => {
		if (cards[name]) return cards[name];
		const box = get("device").content.cloneNode(true).firstElementChild, key = box.querySelector(".key"), list = box.querySelector("dl");
		const card = { head: box.querySelector("h2"), at: box.querySelector(".at"), canvas: box.querySelector("canvas"), values: {}, key: {} };
		for (const [what, text] of [["p50", "p50 "], ["p99", "p99 "], ["reads"], ["bytes"]]) card.key[what] = make(make(key, "span", "", text), "b");
		const scale = make(key, "span", "scale", "1");
		make(scale, "span", "ramp");
		card.most = make(scale, "span");
		for (const [what, bar] of [["State"], ["In flight", 1], ["Bytes in flight", 1], ["Queued"], ["Queue wait, p99"], ["Slow submits"], ["Merged"], ["Cancelled, rejected"], ["Errors"], ["Lookups"], ["Lookups, p99"], ["Lookups rejected, stale"], ["Calls"]]) {
			make(list, "dt", "", what);
			card.values[what] = make(list, "dd");
			if (!bar) continue;
			const meter = make(list, "dd", "meter");
			meter.ariaHidden = true;
			card.values[what + "|"] = make(meter, "span");
		}
		get("no-disk").hidden = true;
		get("devices").append(box);
		watch(card.canvas);
		return (cards[name] = card);
	};
	const looked = (l) => l.inline + l.eagain + l.offload;
	const stalled = (d) => d.state !== "responds";
	const showDevice = (d) => {
		const card = cardOf(d.device), v = card.values, was = device(ago(RECENT), d.device);
		const full = (name, n, depth, as) => {
			put(v[name], as(n) + " of " + trim(as(depth)));
			v[name + "|"].style.width = depth ? Math.min(100, n / depth * 100) + "%" : 0;
		};
		put(card.head, "Disk " + d.device);
		full("In flight", d.in_flight, d.depth, count);
		full("Bytes in flight", d.in_flight_bytes, d.depth_bytes, bytes);
		put(v.Queued, count(d.queued));
		put(v["Queue wait, p99"], time(quantile(between(was && was.wait, d.wait), 0.99)));
		put(v["Slow submits"], count(d.slow_submits) + " of " + count(d.submits));
		put(v.Merged, count(d.merged));
		put(v["Cancelled, rejected"], count(d.cancelled) + ", " + count(d.rejected));
		put(v.Errors, count(d.errors));
		v.Errors.className = d.errors ? "hit" : "";
		put(v.State, stalled(d) ? "stalled for " + span(d.stalled_ms) : "ok");
		v.State.className = stalled(d) ? "hit" : "";
		const l = d.lookups, old = was && was.lookups, recent = old && grown(ago(RECENT), now);
		put(v.Lookups, recent ? count(recent.per(looked(old), looked(l))) + "/s" : "–");
		put(v["Lookups, p99"], time(quantile(between(old && old.latency, l.latency), 0.99)));
		put(v["Lookups rejected, stale"], count(l.rejected) + ", " + count(l.stale));
		put(v.Calls, count(d.jobs));
	};

	// Legends show the values at the pointer, or the newest values.
	const pointed = () => hover ? steps.find((step) => step.from < hover && hover <= step.to) : steps.at(-1);
	const keys = {};
	for (const source of ["all", ...SOURCES]) {
		const item = make(get("sent-key"), "span");
		if (source !== "all") make(item, "i", source);
		item.append(source + " ");
		item.title = TITLES[source] || "";
		keys[source] = make(item, "b");
	}
	const draw = () => {
		if (!now) return;
		style = getComputedStyle(document.body);
		const step = pointed(), at = hover ? Math.round((now.now_ms - hover) / 1e3) + " s ago" : "last 5 min";
		put(keys.all, rate(step && step.total));
		SOURCES.forEach((source, i) => put(keys[source], rate(step && step.sent[i])));
		put(get("at"), at);
		drawSent();
		tiles.forEach(drawSpark);
		for (const name in cards) {
			const key = cards[name].key, of = step && step.devices[name] || {};
			put(cards[name].at, at + " · " + (device(now, name) || { mode: "gone" }).mode);
			put(key.p50, time(of.p50));
			put(key.p99, time(of.p99));
			put(key.reads, count(of.reads) + " reads/s");
			put(key.bytes, rate(of.bytes));
			drawHeat(cards[name], name);
		}
	};
	let pending;
	const redraw = () => pending || (pending = requestAnimationFrame(() => (pending = 0, draw())));
	const sizes = new ResizeObserver(redraw);
	const watch = (canvas) => {
		sizes.observe(canvas);
		canvas.onpointerleave = canvas.onpointermove = (event) => {
			const left = edge(canvas), x = event.offsetX - left;
			hover = now && event.type === "pointermove" && x >= 0 ? now.now_ms - SPAN + x / (canvas.clientWidth - left) * SPAN : 0;
			redraw();
		};
	};
	watch(get("sent"));

	const showHead = () => {
		const state = get("state");
		const hung = lost ? "" : now.devices.filter(stalled).map((d) => ", disk " + d.device + " stalled").join("");
		put(state, lost ? lost.why : now.state + (now.ready || now.state !== "serving" ? "" : ", not ready") + hung);
		state.className = "state" + (lost ? " bad" : now.ready && !hung ? "" : " warn");
		document.documentElement.className = lost ? "stale" : "";
		document.title = (lost ? "✕ " : steps.length ? rate(steps.at(-1).total) + " · " : "") + "ranged";
		if (lost) return put(get("facts"), "since " + lost.since.toLocaleTimeString());
		put(get("facts"), [now.version, "up " + span(now.uptime_ms), "pid " + now.pid, "libmicrohttpd " + now.library].join(" · "));
	};
	const showRest = () => {
		const logs = now.logs.map((log) => log.name + " log " + count(log.lines) + " lines, " + count(log.dropped) + " dropped");
		put(get("rest"), [now.config || "no configuration file", count(now.reloads) + " reloads, " + count(now.reload_failures) + " failed", count(now.names.count) + " of " + count(now.names.max) + " names", count(now.files.open) + " files open",
			count(now.cache.evictions) + " evictions", count(now.cache.waiting) + " reads wait for memory", percent(now.cache.fragmentation) + " fragmented", ...logs].join(" · "));
	};
	const show = () => {
		document.querySelector("main").hidden = false;
		showTiles();
		showMemory();
		now.devices.forEach(showDevice);
		showTables();
		showRest();
		redraw();
	};

	let timer, asking;
	const ask = async (resource, ms) => {
		const answer = await fetch(resource, { cache: "no-store", signal: AbortSignal.timeout(ms) });
		if (!answer.ok) throw answer.status;
		return answer.json();
	};
	const poll = async () => {
		if (asking) return;
		const began = performance.now();
		asking = true;
		clearTimeout(timer);
		try {
			const status = await ask("status", 5e3).catch((why) => (lost = { why: why > 0 ? "status " + why : "no answer", since: lost ? lost.since : new Date() }, 0));
			if (status) lost = 0, take(status), show();
			showHead();
		} finally {
			asking = false;
			if (!document.hidden) timer = setTimeout(poll, Math.max(50, 1e3 - performance.now() + began));
		}
	};
	document.addEventListener("visibilitychange", () => document.hidden ? (clearTimeout(timer), clearTimeout(again)) : (poll(), rank()));
	poll();
	rank();
}
