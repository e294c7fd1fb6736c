// SPDX-License-Identifier: Apache-2.0
// Sockets: shows the sockets behind a number of the table, in a dialog.

import {ask, reason} from "./request.js";
import {count, duration} from "./rows.js";
import {element, visible} from "./table.js";

const end = (address, port) => `${address.includes(":") ? `[${address}]` : address}:${port}`;
const bytes = (value) => (value === undefined ? "–" : count(value));

const COLUMNS = [
	["Remote end", "text", (socket) => (socket.remote_port ? end(socket.remote_address, socket.remote_port) : "–")],
	["Last segment", "number", ({last_segment_seconds: age}) => (age === undefined ? "–" : `${duration(age)} ago`)],
	["State", "text", (socket) => socket.state.toUpperCase()],
	["Local end", "text", (socket) => end(socket.local_address, socket.local_port)],
	["PID", "number", (socket) => socket.pid ?? "–"],
	["Unread", "number", (socket) => bytes(socket.receive_queue)],
	["Unacknowledged", "number", (socket) => bytes(socket.send_queue)],
	["Accept queue", "number", ({accept_queue: length, accept_queue_limit: limit}) => (
		length === undefined ? "–" : `${count(length)} / ${count(limit)}`)],
];

/** Returns show(title, labels) for the dialog: lists the sockets with these labels, from the address. */
export function socketsView(address) {
	const part = (id) => document.getElementById(`sockets${id}`);
	const table = part("-table"), text = part("-text");

	function draw({total, sockets}) {
		text.textContent = sockets.length < total
			? `The first ${count(sockets.length)} of ${count(total)} sockets: CLOSE_WAIT first, the oldest before the others.`
			: `${count(total)} ${total === 1 ? "socket" : "sockets"}`;
		const columns = COLUMNS.filter(([, , of]) => sockets.some((socket) => of(socket) !== "–"));
		table.tHead.rows[0].replaceChildren(...columns.map(([title, look]) => element("th",
			{scope: "col", className: look, textContent: title})));
		table.tBodies[0].replaceChildren(...sockets.map((socket) => element("tr", {}, ...columns.map(([, look, of]) =>
			element("td", {className: look, textContent: of(socket)})))));
	}

	return async function show(title, labels) {
		part("-title").textContent = visible(title);
		text.textContent = "Reading the sockets…";
		table.tHead.rows[0].replaceChildren();
		table.tBodies[0].replaceChildren();
		part("").showModal();
		try {
			draw(JSON.parse(await ask(`${address}?${new URLSearchParams(labels)}`, "application/json")));
		} catch (error) {
			text.textContent = `The sockets cannot be listed: ${reason(error)}.`;
		}
	};
}
