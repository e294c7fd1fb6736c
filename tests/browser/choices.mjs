// SPDX-License-Identifier: Apache-2.0
// Tests of the page's choices and explanations: the address, empty states, changes, notes, and narrow windows.
import fs from "node:fs";
import os from "node:os";
import test, {after} from "node:test";
import assert from "node:assert/strict";
import {cells, close, column, open, recording, start, until} from "./fixture.mjs";

after(close);

const header = (page, title) => page.locator("#table thead button").filter({hasText: new RegExp(`^${title}$`)});
const choices = (page) => Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)));

test("the address has view, filter and order, and restores them", async (t) => {
	const exporter = await start(t, recording("web"));
	const {page} = await open(exporter);
	assert.deepEqual(choices(page), {});
	await page.getByLabel("Outbound").check();
	await page.getByLabel("Filter").fill("worker & co");
	await page.getByLabel("Filter").fill("worker");
	await header(page, "Port").click();
	assert.deepEqual(choices(page), {view: "outbound", filter: "worker", sort: "remote_port"});
	const shown = await cells(page);
	const {page: other} = await open(exporter, {hash: new URL(page.url()).hash});
	assert.deepEqual(await cells(other), shown);
	assert.equal(await other.getByLabel("Filter").inputValue(), "worker");
	await other.goto(`${exporter.url}#sort=-time_wait`); // only the hash changes
	await until("another order", () => column(other, "TIME_WAIT").catch(() => []), ([first]) => first === "1");
	assert.equal(await other.getByLabel("By local port").isChecked(), true);
});

test("a senseless address does no harm", async (t) => {
	const exporter = await start(t, recording("web"));
	const {page} = await open(exporter, {hash: "#view=x&sort=-nothing&filter=&colour=red"});
	assert.equal((await cells(page)).length, 5);
});

test("labels stand behind the port, and states without sockets are hidden", async (t) => {
	const {page} = await open(await start(t, recording("web"), "--collector.label=user", "--collector.label=pid"));
	const [head] = await cells(page);
	assert.deepEqual(head.slice(0, 6), ["Process", "Port", "pid", "user", "CLOSE_WAIT", "Oldest"]);
	assert.ok(!head.includes("FIN_WAIT1") && !head.includes("CLOSING") && head.includes("SYN_SENT"), String(head));
	assert.equal(await page.locator("#totals .closing").isVisible(), false);
	await page.getByLabel("Empty states").check();
	assert.ok((await cells(page))[0].includes("CLOSING"));
	assert.equal(await page.locator("#totals .closing").isVisible(), true);
	assert.deepEqual(choices(page), {empty: "1"});
});

test("a state without sockets for a while keeps its column", async (t) => {
	const exporter = await start(t, recording("web"));
	const {page} = await open(exporter);
	fs.writeFileSync(exporter.file, recording("web").toString().replace(/^socket syn_sent.*\n/m, ""));
	await page.locator("#refresh").click();
	await until("no SYN_SENT", () => column(page, "SYN_SENT"), (counts) => counts.every((text) => text === "0"));
});

test("the change since the page was opened stands beside CLOSE_WAIT", async (t) => {
	const exporter = await start(t, recording("web"));
	const {page} = await open(exporter);
	const changes = () => page.locator("tbody td[data-change]").evaluateAll((all) => all.map((td) => td.dataset.change));
	assert.deepEqual([...new Set(await changes())], [""]);
	fs.writeFileSync(exporter.file, recording("web").toString().replace("\nend\n",
		"\nsocket close_wait 1 0 10.0.0.5:80 198.51.100.99:50002 queues=1,0 quiet_ms=1\nend\n")
		.replace(/^socket close_wait 3 .*\n/m, ""));
	await page.locator("#refresh").click();
	await until("changes", changes, (all) => all.includes("+1") && all.includes("−1"));
	assert.equal(await page.locator("#totals .close_wait dd").getAttribute("data-change"), "");
	assert.match(await page.locator("#notes").textContent(), /the change since \d\d:\d\d:\d\d/);
});

test("words that are no names are explained where they stand", async (t) => {
	const {page} = await open(await start(t, recording("web")));
	const notes = await page.locator("#notes li").allTextContents();
	assert.deepEqual(notes.map((text) => text.split(":")[0]), ["(none)", "ephemeral"]);
	assert.equal(await page.locator("tbody bdi").filter({hasText: "(none)"}).getAttribute("title"), notes[0]);
	assert.equal(await page.locator("tbody td").filter({hasText: "ephemeral"}).first().getAttribute("title"), notes[1]);
	await page.getByLabel("Filter").fill("nginx");
	assert.deepEqual(await page.locator("#notes li").allTextContents(), []);
});

test("the title has the host's name, and no link leads to a placeholder", async (t) => {
	const {page} = await open(await start(t, recording("web")));
	assert.equal(await page.title(), `5 CLOSE_WAIT, ${os.hostname()}`);
	assert.equal(await page.locator("#host").textContent(), os.hostname());
	const links = await page.getByRole("link").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
	assert.deepEqual(links, ["./metrics", "./healthz", "./readyz"]);
});

test("on a phone the table shows process, port and CLOSE_WAIT, and breaks no word", async (t) => {
	const {page} = await open(await start(t, recording("web")), {viewport: {width: 390, height: 800}});
	const edges = await page.locator("#table thead th").evaluateAll((all) => all.slice(0, 3)
		.map((th) => th.getBoundingClientRect().right));
	assert.ok(edges.every((right) => right <= 390), String(edges));
	const broken = await page.evaluate(() => [...document.querySelectorAll("bdi, th, td, dt, dd, label, a, button")]
		.flatMap((node) => [...node.childNodes].filter((child) => child.nodeType === Node.TEXT_NODE))
		.flatMap((text) => [...text.data.matchAll(/\S+/g)].filter((word) => {
			const range = document.createRange();
			range.setStart(text, word.index);
			range.setEnd(text, word.index + word[0].length);
			return new Set([...range.getClientRects()].map((box) => box.top)).size > 1;
		}).map(([word]) => word)));
	assert.deepEqual(broken, []);
});
