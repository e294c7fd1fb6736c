// SPDX-License-Identifier: Apache-2.0
// Landing page: scrapes the metrics at an interval, one request at a time, and shows them.

import {notes} from "./notes.js";
import {ask, reason} from "./request.js";
import {count, select, snapshot} from "./rows.js";
import {socketsView} from "./sockets.js";
import {signed, tableView} from "./table.js";

/** Rows that are drawn. Further rows are drawn on demand. */
const ROWS = 200;
const UNUSED = ["tcp_receive_queue_bytes", "tcp_send_queue_bytes"];
const address = `${document.body.dataset.metrics}?${UNUSED.map((name) => `exclude[]=${name}`).join("&")}`;

const $ = (id) => document.getElementById(id);
const host = $("host").textContent || location.host;
const SORT = {id: "close_wait", descending: true};
const sorts = {local: SORT, outbound: SORT};
/** States whose columns are shown. A state stays once it has had a socket, so that columns do not come and go. */
const shown = {local: new Set(["close_wait", "established"]), outbound: new Set(["close_wait", "established"])};
let current; // the last snapshot that worked
let opened; // the first one
let view = "local", everything = false;
let paused = false, busy = false, timer;

const showSockets = socketsView(`.${document.body.dataset.sockets}`);
const draw = tableView($("table"), (column) => {
	const sort = sorts[view], isText = ["name", "text", "port"].includes(column.kind);
	sorts[view] = {id: column.id, descending: column.id === sort.id ? !sort.descending : !isText};
	show();
}, (row) => document.body.dataset.sockets !== "" && row.labels.process !== "(other)", (row, column) => {
	const {port} = current.tables[view], labels = {process: row.labels.process, [port]: row.labels[port] ?? ""};
	const state = column.kind === "count" ? column.id : "";
	const title = `${labels.process}, port ${labels[port]}${state && `, ${state.toUpperCase()}`}`;
	showSockets(title, state ? {...labels, state} : labels);
});

/* ---- Choices in the address ---- */

/** Writes view, filter and order into the address, so that it can be shared. */
function writeAddress() {
	const choices = new URLSearchParams(), {id, descending} = sorts[view], filter = $("filter").value.trim();
	if (view !== "local")
		choices.set("view", view);
	if (filter)
		choices.set("filter", filter);
	if (id !== SORT.id || !descending)
		choices.set("sort", `${descending ? "-" : ""}${id}`);
	if ($("empty").checked)
		choices.set("empty", "1");
	if (location.hash.slice(1) !== String(choices))
		history.replaceState(null, "", `#${choices}`);
}

function readAddress() {
	const choices = new URLSearchParams(location.hash.slice(1)), sort = choices.get("sort");
	view = choices.get("view") === "outbound" ? "outbound" : "local";
	document.querySelector(`[name=view][value=${view}]`).checked = true;
	$("filter").value = choices.get("filter") ?? "";
	$("empty").checked = choices.has("empty");
	sorts[view] = sort ? {id: sort.replace(/^-/, ""), descending: sort.startsWith("-")} : SORT;
}

/* ---- Display ---- */

function showTotals({totals, facts}) {
	const items = [...totals].map(([state, value]) => [state.toUpperCase(), count(value), state, value]);
	if (facts.limit !== undefined)
		items.push(["Ephemeral ports", `${count(facts.used)} / ${count(facts.limit)}`, "ports", facts.used]);
	if ($("totals").children.length !== items.length)
		$("totals").replaceChildren(...items.map(([title, , id]) => {
			const group = document.createElement("div"), term = document.createElement("dt");
			term.textContent = title;
			group.className = id;
			group.append(term, document.createElement("dd"));
			return group;
		}));
	items.forEach(([, text, id, value], i) => {
		const group = $("totals").children[i], number = group.lastChild;
		number.textContent = text;
		number.className = value ? "" : "zero";
		if (id === "close_wait")
			number.dataset.change = signed(value - opened.totals.get(id));
		group.hidden = !value && id !== "close_wait" && !$("empty").checked;
	});
	document.title = `${count(totals.get("close_wait"))} CLOSE_WAIT, ${host}`;
}

function showNotes(rows) {
	const texts = notes(rows, current.facts);
	if (document.querySelector("[data-change]:not([data-change=''])"))
		texts.push(`Small numbers: the change since ${clock(opened.date)}, when this page was opened.`);
	if ([...$("notes").children].map((item) => item.textContent).join() !== texts.join())
		$("notes").replaceChildren(...texts.map((text) => {
			const item = document.createElement("li");
			item.textContent = text;
			return item;
		}));
}

/** Returns the table's columns: all states, or those that are or were in use and the one that sorts. */
function columnsOf(table) {
	table.statesInUse().forEach((state) => shown[view].add(state));
	return table.columns($("empty").checked ? table.states : new Set([...shown[view], sorts[view].id]),
		opened.closeWait[view]);
}

/** Draws the rows that the current choices select. Returns their number. */
function show() {
	if (!current)
		return;
	const table = current.tables[view], columns = columnsOf(table);
	const rows = select(table, columns, sorts[view], $("filter").value.trim());
	const limit = everything ? Infinity : ROWS;
	const of = rows.length === table.rows.size ? "" : ` of ${count(table.rows.size)}`;
	const text = `${table.title}: ${count(rows.length)}${of} ${table.rows.size === 1 ? "row" : "rows"}`;
	if ($("caption").textContent !== text)
		$("caption").textContent = text;
	draw(columns, rows, sorts[view], limit);
	showTotals(current);
	showNotes(rows.slice(0, limit));
	writeAddress();
	$("more").hidden = rows.length <= ROWS;
	$("more").textContent = everything ? `Show the first ${ROWS} rows` : `Show all ${count(rows.length)} rows`;
}

function clock(date) {
	return date.toTimeString().slice(0, 8);
}

function milliseconds(value) {
	return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function showSnapshot(stale) {
	const {date, took, facts} = current;
	const inside = facts.duration ? `, ${milliseconds(1000 * facts.duration)} of it in the exporter` : "";
	$("snapshot").textContent = `Snapshot of ${clock(date)}${stale ? ", stale" : `, took ${milliseconds(took)}${inside}`}`;
	$("live").classList.toggle("stale", stale);
}

/** Announces a text to screen readers. Called after an action of the user, not at each refresh. */
function say(text) {
	$("said").textContent = text;
}

/** Shows the problem. An unchanged text is not set, so that screen readers do not announce it again. */
function showProblem(text) {
	if ($("problem").textContent !== text)
		$("problem").textContent = text;
}

/* ---- Scrapes ---- */

async function scrape() {
	const started = performance.now();
	const text = await ask(address, "text/plain;version=0.0.4");
	return {...snapshot(text), date: new Date(), took: performance.now() - started};
}

/** Returns the CLOSE_WAIT sockets of each row, by view and the row's key. */
function closeWaitOf({tables}) {
	return Object.fromEntries(Object.entries(tables).map(([name, {rows}]) => (
		[name, new Map([...rows.values()].map((row) => [row.key, row.counts.get("close_wait") ?? 0]))])));
}

function schedule() {
	clearTimeout(timer);
	if (!paused && !busy && !document.hidden)
		timer = setTimeout(refresh, 1000 * $("interval").value);
}

async function refresh() {
	if (busy)
		return;
	busy = true;
	try {
		current = await scrape();
		opened ??= {...current, closeWait: closeWaitOf(current)};
		showSnapshot(false);
		show();
		showProblem("");
	} catch (error) {
		if (current)
			showSnapshot(true);
		else
			$("snapshot").textContent = "No snapshot yet";
		showProblem(`The scrape failed: ${reason(error)}.${current ? ` The table is of ${clock(current.date)}.` : ""}`);
	}
	busy = false;
	schedule();
}

/* ---- Choices ---- */

function choose() {
	show();
	say($("caption").textContent);
}

$("filter").addEventListener("input", choose);
$("empty").addEventListener("change", choose);
addEventListener("hashchange", () => {
	readAddress();
	choose();
});
$("controls").addEventListener("submit", (event) => event.preventDefault());
document.querySelectorAll("[name=view]").forEach((radio) => radio.addEventListener("change", () => {
	view = radio.value;
	choose();
}));
$("more").addEventListener("click", () => {
	everything = !everything;
	show();
});
$("interval").addEventListener("change", schedule);
$("refresh").addEventListener("click", refresh);
$("pause").addEventListener("click", () => {
	paused = !paused;
	$("pause").textContent = paused ? "Resume" : "Pause";
	say(paused ? "Paused" : "Resumed");
	if (paused)
		schedule();
	else
		refresh();
});
document.addEventListener("visibilitychange", () => {
	if (document.hidden || paused)
		schedule();
	else
		refresh();
});

readAddress();
$("live").hidden = false;
refresh();
