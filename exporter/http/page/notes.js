// SPDX-License-Identifier: Apache-2.0
// Notes: explains the words in the table that are no names and no ports.

import {count} from "./rows.js";

const WORDS = {
	"(none)": "no process holds these sockets, and none listens on their port. Most are TIME_WAIT sockets of outbound " +
		"connections.",
	"(unknown)": "a process holds these sockets, and the exporter cannot see which.",
	"(other)": "processes with few sockets, which --collector.max-series folds into one.",
	"ephemeral": "the port of all outbound connections. “Outbound” shows them by the port of the peer.",
};

/** Returns the explanation of a label's value, or undefined. */
export function explain(value) {
	return Object.hasOwn(WORDS, value) ? `${value}: ${WORDS[value]}` : undefined;
}

/** Returns the notes on the values in the table's rows, and on what the snapshot lacks. */
export function notes(rows, {unreadable, folded}) {
	const values = new Set(rows.flatMap(({labels}) => Object.values(labels)));
	const all = Object.keys(WORDS).filter((word) => values.has(word)).map(explain);
	if (unreadable)
		all.push(`The sockets of ${count(unreadable)} processes are (unknown): the exporter cannot read them.`);
	if (folded)
		all.push(`${count(folded)} series are folded into (other): more than --collector.max-series.`);
	return all;
}
