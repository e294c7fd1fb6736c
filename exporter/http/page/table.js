// SPDX-License-Identifier: Apache-2.0
// Table view: draws rows into a <table>. It changes only changed cells, so that focus, selection and scroll stay.

import {explain} from "./notes.js";
import {count, duration} from "./rows.js";

/** Part of its limit from which an accept queue is marked as nearly full. */
const FULL = 0.8;

export function element(name, properties, ...children) {
	const node = Object.assign(document.createElement(name), properties);
	node.append(...children);
	return node;
}

/** Returns a text with visible control characters. A process chooses the bytes of its name. */
export function visible(text) {
	return text.replace(/[\0-\x1f\x7f]/g, (c) => String.fromCharCode(c === "\x7f" ? 0x2421 : 0x2400 + c.charCodeAt(0)));
}

function set(node, property, value) {
	if (node[property] !== value)
		node[property] = value;
}

/** Returns a change with its sign, or "" for none. */
export function signed(change) {
	return change ? `${change > 0 ? "+" : "−"}${count(Math.abs(change))}` : "";
}

/** Returns {text, look, change} of a cell: its text, its class, and the change since the page was opened. */
function cell(column, row) {
	const value = column.of(row);
	switch (column.kind) {
	case "name":
		return {text: value === "" ? "(no name)" : visible(value), look: "name"};
	case "text":
		return {text: visible(value), look: "text"};
	case "port":
		return {text: value, look: "number"};
	case "age":
		return {text: value ? duration(value) : "–", look: value ? "number hot" : "number zero"};
	case "queue":
		if (value === undefined)
			return {text: "–", look: "number zero"};
		return {text: `${count(value)} / ${count(column.limit(row) ?? 0)}`,
			look: value > 0 && value >= FULL * column.limit(row) ? "number hot" : value ? "number" : "number zero"};
	default:
		return {text: count(value), change: column.change && signed(column.change(row)),
			look: value === 0 ? "number zero" : column.id === "close_wait" ? "number hot" : "number"};
	}
}

/** Returns an empty row. A row that opens has a button around the name. */
function makeRow(columns, opens) {
	return element("tr", {className: opens ? "opens" : ""}, ...columns.map((column) => {
		const node = column.kind === "name" ? element("th", {scope: "row"}) : document.createElement("td");
		if (column.kind === "name" && opens)
			node.append(element("button", {type: "button"}, document.createElement("bdi")));
		else if (column.kind === "name" || column.kind === "text")
			node.append(document.createElement("bdi"));
		return node;
	}));
}

function fillRow(tr, columns, row) {
	columns.forEach((column, i) => {
		const td = tr.children[i], {text, look, change} = cell(column, row), inner = td.querySelector("bdi") ?? td;
		if (inner.textContent !== text) {
			inner.textContent = text;
			inner.title = explain(text) ?? (inner === td ? "" : text);
		}
		set(td, "className", look);
		if (change !== undefined)
			set(td.dataset, "change", change);
	});
}

/** Returns draw(columns, rows, sort, limit) for the table. A click on a column's header calls onSort(column), and a
 * click on a row calls onOpen(row, column) if `opens(row)` is true. */
export function tableView(table, onSort, opens, onOpen) {
	const [head, foot] = [table.tHead.rows[0], table.tFoot.rows[0]], body = table.tBodies[0];
	let trs = new Map(), drawn = "", shownColumns = [], shownRows = new Map();

	body.addEventListener("click", (event) => {
		const cell = event.target.closest("th, td"), row = shownRows.get(cell?.parentElement);
		if (row && opens(row) && getSelection().isCollapsed)
			onOpen(row, shownColumns[cell.cellIndex]);
	});

	function drawHead(columns) {
		head.replaceChildren(...columns.map((column) => {
			const button = element("button", {type: "button", textContent: column.title});
			button.addEventListener("click", () => onSort(column));
			const look = ["name", "text"].includes(column.kind) ? "text" : "number";
			return element("th", {scope: "col", className: `${look} ${column.id}`}, button);
		}));
		body.replaceChildren();
		trs.clear();
	}

	function drawBody(columns, rows) {
		const kept = new Map();
		shownColumns = columns;
		shownRows = new Map();
		let next = body.firstElementChild;
		for (const row of rows) {
			const tr = trs.get(row.key) ?? makeRow(columns, opens(row));
			fillRow(tr, columns, row);
			shownRows.set(tr, row);
			if (tr === next)
				next = next.nextElementSibling;
			else
				body.insertBefore(tr, next);
			kept.set(row.key, tr);
		}
		trs.forEach((tr, key) => kept.has(key) || tr.remove());
		trs = kept;
	}

	function drawFoot(columns, all) {
		const cells = columns.map((column, i) => {
			if (i === 0)
				return element("th", {scope: "row", textContent: "Sum"});
			if (column.kind !== "count")
				return element("td", {});
			const sum = all.reduce((total, row) => total + column.of(row), 0);
			return element("td", {className: sum ? "number" : "number zero", textContent: count(sum)});
		});
		foot.replaceChildren(...cells);
	}

	return function draw(columns, all, sort, limit) {
		const ids = columns.map((column) => column.id).join(" ");
		if (ids !== drawn)
			drawHead(columns);
		drawn = ids;
		columns.forEach((column, i) => {
			const order = sort.descending ? "descending" : "ascending";
			set(head.children[i], "ariaSort", column.id === sort.id ? order : "none");
		});
		drawBody(columns, all.slice(0, limit));
		drawFoot(columns, all);
	};
}
