// Of the listing, which is complete without it: local times, a filter, arrow keys. Lines that begin with a comment are left out.
"use strict";
{
	const all = (query) => [...document.querySelectorAll(query)];
	const table = document.querySelector("table");

	// times as the reader's clock and language have them
	const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
	const long = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
	for (const time of all("time")) {
		const at = new Date(time.dateTime);
		if (isNaN(at)) continue;
		time.textContent = short.format(at);
		time.title = long.format(at);
	}
	for (const zone of all(".zone")) zone.remove();

	if (table) {
		const status = document.querySelector("[role=status]");
		const said = status.textContent;
		const rows = all("tbody tr").map((row) => ({ row, link: row.querySelector("a") }));
		for (const entry of rows) entry.name = entry.link.textContent.toLowerCase();
		const box = document.createElement("div");
		box.className = "filter";
		box.innerHTML = '<svg aria-hidden="true"><use href="#s"/></svg>' +
			'<input type="search" placeholder="Filter" aria-label="Filter by name" autocomplete="off" spellcheck="false"><kbd aria-hidden="true">/</kbd>';
		document.querySelector(".bar").append(box);
		const input = box.querySelector("input");
		const none = document.createElement("p");
		none.className = "empty";
		none.hidden = true;
		table.after(none);

		const filter = () => {
			const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
			let count = 0;
			for (const { row, name } of rows) {
				row.hidden = !words.every((word) => name.includes(word));
				count += !row.hidden;
			}
			status.textContent = words.length ? count + " of " + rows.length + " shown" : said;
			none.textContent = "Nothing here matches “" + input.value.trim() + "”.";
			none.hidden = count > 0;
			table.hidden = count === 0;
		};
		const shown = () => rows.filter((entry) => !entry.row.hidden).map((entry) => entry.link);
		const go = (step) => {
			const links = shown();
			const at = links.indexOf(document.activeElement);
			if (at + step < 0) input.focus();
			else if (at + step < links.length) links[at + step].focus();
		};
		input.addEventListener("input", filter);
		addEventListener("keydown", (event) => {
			if (event.ctrlKey || event.metaKey || event.altKey) return;
			const typing = document.activeElement === input;
			const inTable = table.contains(document.activeElement);
			if (event.key === "/" && !typing) input.select();
			else if (event.key === "Escape" && typing) input.value ? ((input.value = ""), filter()) : input.blur();
			else if (event.key === "Enter" && typing && shown().length) shown()[0].click();
			else if (event.key === "ArrowDown" && (typing || inTable)) go(1);
			else if (event.key === "ArrowUp" && inTable) go(-1);
			else return;
			event.preventDefault();
		});
		// what a browser kept in the box when one comes back
		addEventListener("pageshow", filter);
	}
}
