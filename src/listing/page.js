// Script of the listing. It adds links to all parent directories, local times, sorting in place, a filter and
// arrow keys. The listing also works without the script. The makefile removes lines that begin with a comment.
"use strict";
{
	const all = (query) => [...document.querySelectorAll(query)];
	const table = document.querySelector("table");

	// Show times in the time zone and the language of the user.
	const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
	const long = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
	for (const time of all("time")) {
		const at = new Date(time.dateTime);
		if (isNaN(at)) continue;
		time.textContent = short.format(at);
		time.title = long.format(at);
	}
	for (const zone of all(".zone")) zone.remove();

	// Add links to ancestors. The page does not contain these links, because programs would follow them endlessly.
	for (const folder of all("[data-up]")) {
		const link = document.createElement("a");
		link.href = "../".repeat(folder.dataset.up) + folder.dataset.query;
		link.title = folder.title;
		link.append(...folder.childNodes);
		folder.replaceWith(link);
	}

	if (table) {
		const status = document.querySelector("[role=status]");
		const said = status.textContent;
		const rows = all("tbody tr").map((row) => ({ row, link: row.querySelector("a") }));
		for (const entry of rows) entry.name = entry.link.textContent.toLowerCase();

		// Sort in place if the page contains all entries in the order of their names. Otherwise the server sorts.
		const heads = all("th");
		const body = table.tBodies[0];
		const field = (form, name) => form.elements.namedItem(name);
		const inOrder = !table.classList.contains("part") && heads[0].ariaSort === "ascending";
		rows.forEach((entry, at) => {
			entry.at = at;
			entry.folder = entry.row.cells[0].className === "d";
			entry.size = +entry.row.cells[1].title.replace(/\D/g, "");
			entry.time = Date.parse(entry.row.querySelector("time").dateTime);
		});
		const sortRows = (key, down) => {
			const sign = down ? -1 : 1;
			const difference = (a, b) => key === "name" ? sign * (a.at - b.at) : sign * (a[key] - b[key]) || a.at - b.at;
			rows.sort((a, b) => b.folder - a.folder || difference(a, b));
			body.append(...rows.map((entry) => entry.row));
		};
		// Add the order to links to directories and to the URL, so that it also applies after a reload.
		const keepOrder = (key, down) => {
			const ordered = (search) => {
				const query = new URLSearchParams(search);
				query.delete("sort");
				query.delete("order");
				if (key !== "name" || down) {
					query.set("sort", key);
					query.set("order", down ? "desc" : "asc");
				}
				return query.size ? "?" + query : "";
			};
			for (const { link, folder } of rows) if (folder) link.search = ordered(link.search);
			history.replaceState(null, "", location.pathname + ordered(location.search));
		};
		const sort = (event) => {
			const form = event.currentTarget;
			const key = field(form, "sort").value;
			const down = field(form, "order").value === "desc";
			event.preventDefault();
			sortRows(key, down);
			for (const head of heads) {
				const own = field(head.firstChild, "sort").value;
				const now = own === key;
				if (now) head.ariaSort = down ? "descending" : "ascending";
				else head.removeAttribute("aria-sort");
				field(head.firstChild, "order").value = (now ? !down : own !== "name") ? "desc" : "asc";
			}
			keepOrder(key, down);
		};
		if (inOrder) for (const head of heads) head.firstChild.addEventListener("submit", sort);

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
		// Apply the text that the browser restores in the filter when the user navigates back.
		addEventListener("pageshow", filter);
	}
}
