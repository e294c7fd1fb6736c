// SPDX-License-Identifier: Apache-2.0
// Fixture: an exporter that serves a recording, and a page of a real browser on it.
import {spawn} from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import assert from "node:assert/strict";
import {chromium} from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync"];
const START_SECONDS = 20;

/** The recording of that name in tests/data. */
export function recording(name) {
	return fs.readFileSync(path.join(process.env.DATA, `${name}.replay`));
}

/** An exporter; with a recording it serves that, from a file that the test may change. Ends with the test. */
export async function start(t, bytes, ...flags) {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "page-"));
	const file = path.join(folder, "table.replay");
	if (bytes) {
		fs.writeFileSync(file, bytes);
		flags.push(`--collector.replay=${file}`);
	}
	const child = spawn(process.env.EXPORTER, ["--web.listen-address=127.0.0.1:0", ...flags],
		{stdio: ["ignore", "ignore", "pipe"]});
	const ended = new Promise((resolve) => child.on("exit", resolve));
	const stop = async () => {
		child.kill("SIGTERM");
		return ended;
	};
	const pages = []; // what closes each; before the exporter stops, so that no request of theirs fails
	t.after(async () => {
		try {
			for (const closePage of pages)
				await closePage();
		} finally {
			await stop();
			fs.rmSync(folder, {recursive: true});
		}
	});
	let log = "";
	const port = await new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error(`it does not listen: ${log}`)), 1000 * START_SECONDS);
		child.stderr.on("data", (data) => {
			log += data;
			const match = /msg=listening address=127\.0\.0\.1:(\d+)\n/.exec(log);
			if (match) {
				clearTimeout(timer);
				resolve(Number(match[1]));
			}
		});
	});
	return {file, stop, pages, port, url: `http://127.0.0.1:${port}/`};
}

let browser;

/** Returns the page once it shows a table. The end of the test checks for errors and forbidden requests. */
export async function open(exporter, {broken = false, hash = "", ...options} = {}) {
	browser ??= await chromium.launch({executablePath: CHROMIUM, args: ARGUMENTS});
	const context = await browser.newContext(options);
	const page = await context.newPage();
	const trouble = [], requests = [];
	page.on("console", (message) => ["error", "warning"].includes(message.type()) && trouble.push(message.text()));
	page.on("pageerror", (error) => trouble.push(error.message));
	page.on("dialog", (dialog) => trouble.push(`dialog: ${dialog.message()}`));
	page.on("request", (request) => requests.push(request.url()));
	exporter.pages.push(async () => {
		await context.close();
		assert.deepEqual(requests.filter((url) => !url.startsWith(exporter.url)), [], "requests beyond its own origin");
		if (!broken) // a failed request is on the console by itself
			assert.deepEqual(trouble, [], "errors, warnings, or what the policy refused");
	});
	await page.goto(`${exporter.url}${hash}`);
	await page.locator("#table tbody tr").first().waitFor();
	return {page, requests};
}

export async function close() {
	await browser?.close();
}

/** The table as text: [header, ...rows], each an array of cells. */
export async function cells(page) {
	return page.locator("#table").evaluate((table) => [...table.tHead.rows, ...table.tBodies[0].rows].map(
		(row) => [...row.cells].map((cell) => cell.textContent)));
}

/** A column's cells by its title. */
export async function column(page, title) {
	const [head, ...rows] = await cells(page);
	const index = head.indexOf(title);
	assert.notEqual(index, -1, `no column "${title}" in ${head}`);
	return rows.map((row) => row[index]);
}

/** Waits until the function of the page's state is true; the last value is in the message if it never is. */
export async function until(what, look, isGood, seconds = 15) {
	const deadline = Date.now() + 1000 * seconds;
	for (;;) {
		const seen = await look();
		if (isGood(seen))
			return seen;
		if (Date.now() > deadline)
			assert.fail(`${what}: ${JSON.stringify(seen)}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
