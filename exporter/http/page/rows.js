// SPDX-License-Identifier: Apache-2.0
// Rows: builds a table of the metrics by process and port, and sorts and filters it.

import {parse} from "./exposition.js";

const STATES = ["close_wait", "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "time_wait",
	"last_ack", "closing", "listen"];
const LABELS = ["pid", "user", "exe", "unit", "container", "netns", "family", "local_address"];
const collator = new Intl.Collator("en", {numeric: true});

/** Returns a time as text, in its two largest units. */
export function duration(seconds) {
	const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
	const first = units.findIndex(([, size]) => seconds >= size);
	if (first < 0)
		return "0 s";
	return units.slice(first, first + 2).map(([unit, size], i) =>
		`${Math.floor(i ? (seconds % units[first][1]) / size : seconds / size)} ${unit}`).join(" ");
}

export function count(value) {
	return value.toLocaleString("en", {maximumFractionDigits: 0});
}

const key = (labels) => JSON.stringify(Object.entries(labels).filter(([name]) => name !== "state"));

/** Table of one family with a label `port`: one row for each set of the other labels, without the state. */
class Table {
	rows = new Map();
	details = new Map();
	states = new Set(STATES);
	labels = new Set();

	constructor(port, title) {
		this.port = port;
		this.title = title;
	}

	add(labels, value) {
		const id = key(labels);
		let row = this.rows.get(id);
		if (!row) {
			row = {key: id, labels, counts: new Map(), search: Object.entries(labels)
				.map(([name, text]) => (name === "state" ? "" : text.toLowerCase())).join("\n")};
			this.rows.set(id, row);
			Object.keys(labels).forEach((name) => this.labels.add(name));
		}
		this.states.add(labels.state);
		row.counts.set(labels.state, (row.counts.get(labels.state) ?? 0) + value);
	}

	/** Adds a value that has no state. It makes no row of its own, which would show zero sockets. */
	detail(labels, name, value) {
		const id = key(labels);
		this.details.set(id, {...this.details.get(id), [name]: value});
	}

	/** Returns the states with a socket. */
	statesInUse() {
		return [...this.states].filter((state) => [...this.rows.values()].some((row) => row.counts.get(state)));
	}

	/** Returns the columns, with those states that `shown` has. `opened` has the first counts of CLOSE_WAIT by row. */
	columns(shown, opened) {
		const text = (name, title, kind) => ({id: name, title, kind, of: (row) => row.labels[name] ?? ""});
		const detail = (row) => this.details.get(row.key) ?? {};
		const rank = (name) => (LABELS.includes(name) ? LABELS.indexOf(name) : LABELS.length);
		const extra = [...this.labels].filter((name) => !["state", "process", this.port].includes(name))
			.sort((a, b) => rank(a) - rank(b)).map((name) => text(name, name, "text"));
		const states = [...this.states].filter((state) => shown.has(state)).map((state) => (
			{id: state, title: state.toUpperCase(), kind: "count", of: (row) => row.counts.get(state) ?? 0}));
		const waiting = states.find(({id}) => id === "close_wait");
		waiting.change = (row) => waiting.of(row) - (opened.get(row.key) ?? 0);
		const all = [text("process", "Process", "name"), text(this.port, "Port", "port"), ...extra, ...states];
		if ([...this.details.values()].some((each) => each.oldest !== undefined))
			all.splice(all.indexOf(waiting) + 1, 0,
				{id: "oldest", title: "Oldest", kind: "age", of: (row) => detail(row).oldest});
		if ([...this.details.values()].some((each) => each.queue !== undefined))
			all.push({id: "queue", title: "Accept queue", kind: "queue", of: (row) => detail(row).queue,
				limit: (row) => detail(row).limit});
		return all;
	}
}

/** Parses a scrape. Returns {totals, tables, facts}: sockets by state, one Table per view, other values by name. */
export function snapshot(text) {
	const totals = new Map(STATES.map((state) => [state, 0]));
	const facts = {duration: 0};
	const local = new Table("local_port", "Connections by process and local port");
	const outbound = new Table("remote_port", "Outbound connections by process and remote port");
	const families = {
		tcp_connections: (labels, value) => local.add(labels, value),
		tcp_outbound_connections: (labels, value) => outbound.add(labels, value),
		tcp_close_wait_oldest_seconds: (labels, value) => local.detail(labels, "oldest", value),
		tcp_accept_queue_length: (labels, value) => local.detail(labels, "queue", value),
		tcp_accept_queue_limit: (labels, value) => local.detail(labels, "limit", value),
		tcp_sockets: (labels, value) => totals.set(labels.state, value),
		tcp_exporter_scrape_duration_seconds: (labels, value) => (facts.duration += value),
		tcp_exporter_folded_series: (_, value) => (facts.folded = value),
		tcp_exporter_unreadable_processes: (_, value) => (facts.unreadable = value),
		tcp_ephemeral_ports_used: (_, value) => (facts.used = value),
		tcp_ephemeral_ports_limit: (_, value) => (facts.limit = value),
	};
	parse(text, (name, labels, value) => Object.hasOwn(families, name) && families[name](labels, value));
	return {totals, tables: {local, outbound}, facts};
}

function compare(a, b) {
	if (typeof a === "string")
		return collator.compare(a, b);
	return a - b;
}

/** Returns the rows that contain every word of the filter, sorted by {id, descending}. Absent values come last. */
export function select(table, columns, sort, filter) {
	const words = filter.toLowerCase().split(/\s+/);
	const by = new Map(columns.map((column) => [column.id, column.of]));
	const order = [[sort.id, sort.descending], ["close_wait", true], ["established", true], ["process", false],
		[table.port, false]].filter(([id]) => by.has(id)).map(([id, descending]) => [by.get(id), descending ? -1 : 1]);
	const rows = [...table.rows.values()].filter((row) => words.every((word) => row.search.includes(word)));
	return rows.sort((a, b) => {
		for (const [of, sign] of order) {
			const x = of(a), y = of(b);
			if (x === y)
				continue;
			if (x === undefined || y === undefined)
				return x === undefined ? 1 : -1;
			const result = sign * compare(x, y);
			if (result)
				return result;
		}
		return compare(a.key, b.key);
	});
}
