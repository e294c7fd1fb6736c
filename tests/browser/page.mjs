// SPDX-License-Identifier: Apache-2.0
// Tests of the landing page as a person uses it.
import fs from "node:fs";
import test, {after} from "node:test";
import assert from "node:assert/strict";
import {cells, close, column, open, recording, start, until} from "./fixture.mjs";

const CONTRAST_MIN = 4.5; // WCAG 2.1, 1.4.3
const SORT_SECONDS_MAX = 30; // of 1,000 rows, which take a fraction of a second; a busy machine needs more

after(close);

const header = (page, title) => page.locator("#table thead button").filter({hasText: new RegExp(`^${title}$`)});
const sorted = (page) => page.locator("#table thead th").evaluateAll((all) => all
	.filter((th) => ["ascending", "descending"].includes(th.ariaSort)).map((th) => [th.textContent, th.ariaSort]));
const numbers = (texts) => texts.map((text) => Number(text.replaceAll(",", "")));
const problem = (page) => page.locator("[role=alert]").textContent();

test("CLOSE_WAIT comes first, and the numbers are those of the metrics", async (t) => {
	const exporter = await start(t, recording("web"));
	const {page} = await open(exporter);
	assert.deepEqual((await cells(page))[0].slice(0, 3), ["Process", "Port", "CLOSE_WAIT"]);
	assert.deepEqual(await sorted(page), [["CLOSE_WAIT", "descending"]]);
	const shown = numbers(await column(page, "CLOSE_WAIT"));
	assert.deepEqual(shown, [...shown].sort((a, b) => b - a));
	const metrics = await (await fetch(`${exporter.url}metrics`)).text();
	const [, ...rows] = await cells(page);
	for (const [process, port, closeWait] of rows) {
		const line = `tcp_connections{state="close_wait",process="${process}",local_port="${port}"} ${closeWait}`;
		assert.ok(metrics.includes(`\n${line}\n`), line);
	}
	const total = /\ntcp_sockets\{state="close_wait"\} (\d+)\n/.exec(metrics)[1];
	assert.equal(await page.locator("#totals .close_wait dd").textContent(), total);
	assert.match(await page.locator("#snapshot").textContent(), /^Snapshot of \d\d:\d\d:\d\d, took .* in the exporter$/);
});

test("columns sort by click and by key", async (t) => {
	const {page} = await open(await start(t, recording("web")));
	await header(page, "Process").click();
	assert.deepEqual(await sorted(page), [["Process", "ascending"]]);
	const names = await column(page, "Process");
	assert.deepEqual(names, [...names].sort());
	assert.ok(new Set(names).size > 2);
	await header(page, "Process").press("Enter");
	assert.deepEqual(await sorted(page), [["Process", "descending"]]);
	assert.deepEqual(await column(page, "Process"), [...names].sort().reverse());
	await header(page, "ESTABLISHED").press("Space");
	const counts = numbers(await column(page, "ESTABLISHED"));
	assert.deepEqual(counts, [...counts].sort((a, b) => b - a));
	await page.locator("#refresh").click(); // the order and the focus stay
	await header(page, "ESTABLISHED").focus();
	await page.waitForTimeout(300);
	assert.deepEqual(await sorted(page), [["ESTABLISHED", "descending"]]);
	assert.equal(await page.evaluate(() => document.activeElement.textContent), "ESTABLISHED");
});

test("the filter keeps the rows that have every word", async (t) => {
	const {page} = await open(await start(t, recording("web")));
	const all = (await cells(page)).length - 1;
	await page.getByLabel("Filter").fill("POST 5432");
	assert.deepEqual(await column(page, "Process"), ["postgres"]);
	assert.match(await page.locator("caption").textContent(), new RegExp(`: 1 of ${all} rows$`));
	await page.locator("#refresh").click();
	await page.waitForTimeout(300);
	assert.deepEqual(await column(page, "Process"), ["postgres"]);
	await page.getByLabel("Filter").fill("no such process");
	assert.equal((await cells(page)).length, 1);
	await page.getByLabel("Filter").fill("");
	assert.equal((await cells(page)).length - 1, all);
});

test("it refreshes, and pauses", async (t) => {
	const exporter = await start(t, recording("web"));
	const {page, requests} = await open(exporter);
	const total = () => page.locator("#totals .close_wait dd").textContent();
	const before = Number(await total());
	await page.getByLabel("Refresh every").selectOption("2");
	const more = recording("web").toString().replace("\nend\n",
		"\nsocket close_wait 1 0 10.0.0.5:80 198.51.100.99:50002 queues=1,0 quiet_ms=1\nend\n");
	fs.writeFileSync(exporter.file, more);
	await until("one more CLOSE_WAIT", total, (text) => Number(text) === before + 1);
	await page.getByRole("button", {name: "Pause"}).click();
	await page.waitForTimeout(500);
	const asked = requests.length;
	await page.waitForTimeout(3000);
	assert.equal(requests.length, asked, "requests while it pauses");
	await page.getByRole("button", {name: "Resume"}).click();
	await until("requests again", () => requests.length, (count) => count > asked);
});

test("a failed scrape shows an error, and the old table stays", async (t) => {
	const exporter = await start(t, recording("web"));
	const {page} = await open(exporter, {broken: true});
	const before = await cells(page);
	fs.renameSync(exporter.file, `${exporter.file}.gone`);
	await page.locator("#refresh").click();
	assert.match(await until("a reason", () => problem(page), (text) => text), /^The scrape failed: 503 .*table\.replay/);
	assert.deepEqual(await cells(page), before);
	assert.match(await page.locator("#snapshot").textContent(), /stale$/);
	fs.renameSync(`${exporter.file}.gone`, exporter.file);
	await page.locator("#refresh").click();
	await until("no reason", () => problem(page), (text) => text === "");
	assert.doesNotMatch(await page.locator("#snapshot").textContent(), /stale$/);
	await exporter.stop();
	await page.locator("#refresh").click();
	assert.match(await until("a reason", () => problem(page), (text) => text), /cannot be reached/);
	assert.deepEqual(await cells(page), before);
});

test("hostile names are text", async (t) => {
	const name = "<img src=x onerror=alert(1)><script>alert(2)</script>";
	const encoded = [...Buffer.from(name)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
	const lines = recording("hostile").toString().split("\n");
	const at = lines.findIndex((line) => line.startsWith("process "));
	lines[at] = lines[at].replace(/name=\S+/, `name=${encoded}`);
	const {page} = await open(await start(t, lines.join("\n")));
	assert.ok((await column(page, "Process")).includes(name), JSON.stringify(await column(page, "Process")));
	assert.equal(await page.locator("img, table script, iframe").count(), 0);
	assert.equal(await page.locator("tbody th > bdi").count(), (await cells(page)).length - 1, "each is isolated");
});

test("outbound connections, other paths, and optional labels", async (t) => {
	const exporter = await start(t, recording("web"), "--web.telemetry-path=/a/b", "--collector.label=user");
	const {page} = await open(exporter);
	assert.ok((await column(page, "user")).includes("postgres"));
	await page.getByLabel("Outbound").check();
	assert.ok((await column(page, "Port")).includes("6379"));
	assert.match(await page.locator("caption").textContent(), /^Outbound/);
	assert.equal((await fetch(await page.getByRole("link", {name: "metrics"}).getAttribute("href")
		.then((href) => new URL(href, exporter.url)))).status, 200);
});

function crowd(processes) {
	const lines = ["tcp_exporter-snapshot 1", "facts queues", "states established syn_sent syn_recv fin_wait1 fin_wait2 " +
		"time_wait closed close_wait last_ack listen closing", "netns 1 32768 60999"];
	for (let i = 0; i < processes; i++)
		lines.push(`process ${i + 1} ${i + 1} name=worker-${i}`);
	for (let i = 0; i < processes; i++)
		lines.push(`socket listen ${i} 0 0.0.0.0:${1000 + i} 0.0.0.0:0 queues=0,9`);
	return [...lines, "end", ""].join("\n");
}

test("10,000 series", async (t) => {
	const exporter = await start(t, crowd(1000), "--collector.max-series=20000");
	const {page} = await open(exporter);
	assert.equal((await cells(page)).length - 1, 200);
	await page.getByRole("button", {name: "Show all 1,000 rows"}).click();
	assert.equal((await cells(page)).length - 1, 1000);
	const begin = Date.now();
	await header(page, "Port").click();
	const ports = numbers(await column(page, "Port"));
	const seconds = (Date.now() - begin) / 1000;
	assert.deepEqual(ports, [...ports].sort((a, b) => a - b));
	assert.ok(seconds < SORT_SECONDS_MAX, `${seconds} s`);
});

/** The least contrast of a text of the page with what is behind it, and whose it is. In the page. */
function leastContrast() {
	const channels = (color) => color.match(/[\d.]+/g).map(Number);
	const luminance = (color) => channels(color).slice(0, 3).map((c) => c / 255)
		.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
		.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = (node) => {
		for (; node; node = node.parentElement) {
			const color = getComputedStyle(node).backgroundColor, alpha = channels(color)[3] ?? 1;
			if (alpha > 0)
				return color;
		}
		return "rgb(255, 255, 255)";
	};
	const least = {ratio: Infinity};
	for (const node of document.querySelectorAll("body *")) {
		const own = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent.trim());
		if (!own || !node.checkVisibility() || node.closest("noscript"))
			continue;
		const [a, b] = [luminance(getComputedStyle(node).color), luminance(behind(node))].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < least.ratio)
			Object.assign(least, {ratio, text: node.textContent});
	}
	return least;
}

for (const colorScheme of ["light", "dark"])
	test(`contrast, and a phone's width: ${colorScheme}`, async (t) => {
		const exporter = await start(t, recording("web"));
		const {page} = await open(exporter, {colorScheme, broken: true, viewport: {width: 390, height: 800}});
		fs.rmSync(exporter.file);
		await page.locator("#refresh").click(); // the reason's colours too
		await until("a reason", () => problem(page), (text) => text);
		const {ratio, text} = await page.evaluate(leastContrast);
		assert.ok(ratio >= CONTRAST_MIN, `${ratio.toFixed(2)}: ${text}`);
		const [width, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
		assert.ok(width <= room, `the page is ${width} wide, the window ${room}`);
	});

test("the sockets of this machine", async (t) => {
	const exporter = await start(t, null);
	const {page} = await open(exporter);
	await page.getByLabel("Filter").fill(`tcp_exporter ${exporter.port}`);
	assert.deepEqual(await column(page, "Process"), ["tcp_exporter"]);
	assert.ok(Number((await column(page, "LISTEN"))[0]) >= 1);
});
