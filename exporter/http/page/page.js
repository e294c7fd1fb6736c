// SPDX-License-Identifier: Apache-2.0
// Landing page: scrapes the metrics at an interval, one request at a time, and shows them.

import {count, duration, select, snapshot} from "./rows.js";
import {tableView} from "./table.js";

/** Rows that are drawn. Further rows are drawn on demand. */
const ROWS = 200;
/** The exporter's timeout is below the page's, so that its reason arrives before the page ends the request. */
const SCRAPE_SECONDS = 10, ANSWER_SECONDS = 15;
const UNUSED = ["tcp_receive_queue_bytes", "tcp_send_queue_bytes"];
const address = `${document.body.dataset.metrics}?${UNUSED.map((name) => `exclude[]=${name}`).join("&")}`;

const $ = (id) => document.getElementById(id);
const sorts = {
	local: {id: "close_wait", descending: true},
	outbound: {id: "close_wait", descending: true},
};
let current; // the last snapshot that worked
let view = "local", everything = false;
let paused = false, busy = false, timer;

const draw = tableView($("table"), (column) => {
	const sort = sorts[view], isText = ["name", "text", "port"].includes(column.kind);
	sorts[view] = {id: column.id, descending: column.id === sort.id ? !sort.descending : !isText};
	show();
});

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
	items.forEach(([, text, , value], i) => {
		const number = $("totals").children[i].lastChild;
		number.textContent = text;
		number.className = value ? "" : "zero";
	});
	document.title = `${count(totals.get("close_wait"))} CLOSE_WAIT, ${location.host}`;
}

function showNotes({facts}) {
	const notes = [];
	if (facts.unreadable)
		notes.push(`The sockets of ${count(facts.unreadable)} processes are (unknown): the exporter cannot read them.`);
	if (facts.folded)
		notes.push(`${count(facts.folded)} series are folded into (other): more than --collector.max-series.`);
	if ([...$("notes").children].map((item) => item.textContent).join() !== notes.join())
		$("notes").replaceChildren(...notes.map((text) => {
			const item = document.createElement("li");
			item.textContent = text;
			return item;
		}));
}

/** Draws the rows that the current choices select. Returns their number. */
function show() {
	if (!current)
		return;
	const table = current.tables[view], columns = table.columns();
	const rows = select(table, columns, sorts[view], $("filter").value.trim());
	const limit = everything ? Infinity : ROWS;
	const of = rows.length === table.rows.size ? "" : ` of ${count(table.rows.size)}`;
	const text = `${table.title}: ${count(rows.length)}${of} ${table.rows.size === 1 ? "row" : "rows"}`;
	if ($("caption").textContent !== text)
		$("caption").textContent = text;
	draw(columns, rows, sorts[view], limit);
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
	const headers = {Accept: "text/plain;version=0.0.4", "X-Prometheus-Scrape-Timeout-Seconds": SCRAPE_SECONDS};
	const signal = AbortSignal.timeout(1000 * ANSWER_SECONDS);
	const response = await fetch(address, {headers, signal, cache: "no-store"});
	const text = await response.text();
	if (!response.ok)
		throw new Error(`${response.status} ${response.statusText}: ${text.trim().slice(0, 500)}`);
	return {...snapshot(text), date: new Date(), took: performance.now() - started};
}

function reason(error) {
	if (error.name === "TimeoutError")
		return `no answer within ${duration(ANSWER_SECONDS)}`;
	return error instanceof TypeError ? "the exporter cannot be reached" : error.message;
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
		showSnapshot(false);
		showTotals(current);
		showNotes(current);
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

$("host").textContent = location.host;
$("live").hidden = false;
refresh();
