// SPDX-License-Identifier: Apache-2.0
// Tests of the sockets behind a number: a click on a row or a cell lists them.
import fs from "node:fs";
import test, {after} from "node:test";
import assert from "node:assert/strict";
import {cells, close, open, recording, start, until} from "./fixture.mjs";

after(close);

const row = (page, process) => page.locator("#table tbody tr").filter({hasText: process}).first();
const title = (page) => page.locator("#sockets-title").textContent();
const list = (page) => page.locator("#sockets-table").evaluate((table) => [...table.tHead.rows, ...table.tBodies[0].rows]
	.map((tr) => [...tr.cells].map((cell) => cell.textContent)));

async function listed(page) {
	await page.locator("#sockets-table tbody tr").first().waitFor();
	return list(page);
}

test("a click on a number lists its sockets, the oldest first", async (t) => {
	const {page} = await open(await start(t, recording("web"), "--web.enable-sockets"));
	await row(page, "nginx").locator("td.hot").first().click();
	const [head, ...rows] = await listed(page);
	assert.equal(await title(page), "nginx, port 80, CLOSE_WAIT");
	assert.deepEqual(head, ["Remote end", "Last segment", "State", "Local end", "PID", "Unread", "Unacknowledged"]);
	assert.deepEqual(rows.map(([remote, age]) => [remote, age]), [["198.51.100.6:50005", "1 min 30 s ago"],
		["198.51.100.3:50002", "1 min 1 s ago"], ["198.51.100.4:50003", "0 s ago"]]);
	assert.equal(await page.locator("#sockets-text").textContent(), "3 sockets");
	await page.getByRole("button", {name: "Close", exact: true}).click();
	assert.equal(await page.locator("#sockets").isVisible(), false);
});

test("by the keyboard a name lists every state", async (t) => {
	const {page} = await open(await start(t, recording("web"), "--web.enable-sockets"));
	await page.getByRole("button", {name: "postgres"}).press("Enter");
	const [, ...rows] = await listed(page);
	assert.equal(await title(page), "postgres, port 5432");
	assert.equal(rows.length, 2);
	await page.keyboard.press("Escape");
	assert.equal(await page.locator("#sockets").isVisible(), false);
	assert.equal(await page.evaluate(() => document.activeElement.textContent), "postgres");
});

test("outbound connections are listed by the peer's port", async (t) => {
	const {page} = await open(await start(t, recording("web"), "--web.enable-sockets"));
	await page.getByLabel("Outbound").check();
	await page.locator("#table tbody tr").filter({hasText: "443"}).first().locator("td.hot").first().click();
	const [, ...rows] = await listed(page);
	assert.equal(await title(page), "worker, port 443, CLOSE_WAIT");
	assert.deepEqual(rows.map(([remote]) => remote), ["203.0.113.9:443", "203.0.113.9:443"]);
});

test("hostile names, and a list that fails", async (t) => {
	const exporter = await start(t, recording("hostile"), "--web.enable-sockets");
	const {page} = await open(exporter, {broken: true});
	await page.getByRole("button", {name: "quote"}).click();
	await listed(page);
	assert.equal(await title(page), "quote\"back\\slash, port 1");
	await page.keyboard.press("Escape");
	fs.renameSync(exporter.file, `${exporter.file}.gone`);
	await page.getByRole("button", {name: "quote"}).click();
	const text = () => page.locator("#sockets-text").textContent();
	assert.match(await until("a reason", text, (text) => text.startsWith("The sockets cannot")), /503 .*table\.replay/);
});

test("without the flag no row opens", async (t) => {
	const {page, requests} = await open(await start(t, recording("web")));
	assert.equal(await page.locator("tbody button").count(), 0);
	await row(page, "nginx").locator("td.hot").first().click();
	assert.equal(await page.locator("#sockets").isVisible(), false);
	assert.deepEqual(requests.filter((url) => url.includes("/sockets?")), []);
	assert.ok((await cells(page)).length > 2);
});

test("the list fits a phone", async (t) => {
	const {page} = await open(await start(t, recording("web"), "--web.enable-sockets"),
		{viewport: {width: 390, height: 800}});
	await row(page, "nginx").locator("td.hot").first().click();
	await listed(page);
	const [left, right] = await page.locator("#sockets").evaluate((dialog) => {
		const box = dialog.getBoundingClientRect();
		return [box.left, box.right];
	});
	assert.ok(left >= 0 && right <= 390, `${left} to ${right}`);
});
