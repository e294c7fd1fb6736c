// SPDX-License-Identifier: Apache-2.0
// Tests of the landing page beneath its surface: the parser of metrics, the times of its requests, the keyboard.
import test, {after} from "node:test";
import assert from "node:assert/strict";
import {close, column, open, recording, start, until} from "./fixture.mjs";

after(close);

/** Returns the result of the page's own parser: [name, labels, value as text], or the error's message. */
function parsed(page, text) {
	return page.evaluate(async (text) => {
		const {parse} = await import(new URL("exposition.js", location.href).href);
		const samples = [];
		try {
			parse(text, (name, labels, value) => samples.push([name, labels, String(value)]));
		} catch (error) {
			return error.message;
		}
		return samples;
	}, text);
}

const GOOD = [
	["", []],
	["# HELP a {\n#\n \t# TYPE\n\n", []],
	["a 1", [["a", {}, "1"]]],
	["a:b_1{} -1.5e-3\n", [["a:b_1", {}, "-0.0015"]]],
	[" a\t{ b = \"c\" , d=\"\" , }\t1 1700000000000 \n", [["a", {b: "c", d: ""}, "1"]]],
	["a +Inf\na -Inf\na NaN\n", [["a", {}, "Infinity"], ["a", {}, "-Infinity"], ["a", {}, "NaN"]]],
	[String.raw`a{b="\\n\n\"}{,#"} 2`, [["a", {b: "\\n\n\"}{,#"}, "2"]]],
	["a{b=\"\r\u2028\u202e\"} 3\n", [["a", {b: "\r\u2028\u202e"}, "3"]]],
];
const BAD = ["a", "a{", "a{b=\"c\"", "a{b=\"c} 1", "a{b=c} 1", "a{,} 1", "a{b=\"c\"d=\"e\"} 1", "a{b=\"\\x\"} 1", "1a 1",
	"a 1x", "a 0x1", "a 1 2 3", "a{b=\"c\"} ", "{} 1"];

test("the text format, whole", async (t) => {
	const {page} = await open(await start(t, recording("web")));
	for (const [text, samples] of GOOD)
		assert.deepEqual(await parsed(page, text), samples, text);
	for (const text of BAD)
		assert.match(String(await parsed(page, `a 1\n${text}\n`)), /^line 2 of the metrics: /, text);
});

test("names with quotes, escapes and controls", async (t) => {
	const {page} = await open(await start(t, recording("hostile")));
	const names = await column(page, "Process");
	for (const name of ["quote\"back\\slash", "new␊line␍return", "␛[2Jescape␡", "bad\ufffdbyte", "(no name)"])
		assert.ok(names.includes(name), `${name} in ${JSON.stringify(names)}`);
});

test("one request at a time, and none in a hidden tab", async (t) => {
	const {page} = await open(await start(t, recording("web")));
	let flying = 0, most = 0, asked = 0, answer;
	const gate = new Promise((resolve) => { answer = resolve; });
	await page.route(/metrics\?/, async (route) => {
		asked++;
		most = Math.max(most, ++flying);
		await gate;
		await new Promise((resolve) => setTimeout(resolve, 400));
		flying--;
		await route.continue();
	});
	for (let i = 0; i < 5; i++)
		await page.locator("#refresh").click();
	assert.equal(asked, 1);
	answer();
	await until("an answer", () => flying, (count) => count === 0);
	await page.getByLabel("Refresh every").selectOption("2");
	await until("two more", () => asked, (count) => count >= 3);
	assert.equal(most, 1);
	const hide = (hidden) => page.evaluate((hidden) => {
		Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
		document.dispatchEvent(new Event("visibilitychange"));
	}, hidden);
	await until("an answer", () => flying, (count) => count === 0);
	await page.waitForTimeout(200); // it is shown
	await hide(true);
	const before = asked;
	await page.waitForTimeout(2500);
	assert.equal(asked, before, "requests in a hidden tab");
	await page.getByLabel("Refresh every").selectOption("60"); // none is due soon
	await hide(false);
	await until("a request at once", () => asked, (count) => count > before, 30);
});

test("everything is reached by the keyboard, has a name, and shows the focus", async (t) => {
	const {page} = await open(await start(t, recording("web")));
	const reached = [];
	for (let i = 0; i < 40; i++) {
		await page.keyboard.press("Tab");
		const at = await page.evaluate(() => {
			const node = document.activeElement;
			const label = node.getAttribute("aria-labelledby");
			return node === document.body ? null : {
				id: node.id || node.textContent,
				named: Boolean((node.labels?.[0] ?? document.getElementById(label) ?? node).textContent.trim()),
				outline: getComputedStyle(node).outlineStyle,
			};
		});
		if (!at)
			break;
		assert.ok(at.named, `${at.id} has no name`);
		assert.equal(at.outline, "solid", `${at.id} does not show the focus`);
		reached.push(at.id);
	}
	for (const id of ["metrics", "health", "readiness", "filter", "interval", "pause", "refresh", "scroll", "CLOSE_WAIT"])
		assert.ok(reached.includes(id), `${id} in ${reached}`);
	await page.getByLabel("By local port").focus();
	await page.keyboard.press("ArrowRight");
	assert.match(await page.locator("caption").textContent(), /^Outbound/);
	const scopes = await page.locator("#table th").evaluateAll((all) => all.map((th) => th.scope));
	assert.ok(scopes.length > 4 && scopes.every((scope) => ["row", "col"].includes(scope)), String(scopes));
});

test("a refresh moves nothing", async (t) => {
	const {page} = await open(await start(t, recording("web")), {viewport: {width: 500, height: 500}});
	const look = () => page.evaluate(() => [document.getElementById("scroll").scrollLeft,
		document.getElementById("snapshot").textContent, getSelection().toString()]);
	await page.evaluate(() => {
		document.getElementById("scroll").scrollLeft = 120;
		getSelection().selectAllChildren(document.querySelector("tbody th bdi"));
	});
	const [left, old, selected] = await look();
	assert.notEqual(selected, "");
	assert.equal(left, 120);
	await page.waitForTimeout(1100); // the snapshot's second is another
	await page.locator("#refresh").evaluate((button) => button.click());
	const [after, , still] = await until("a new snapshot", look, ([, snapshot]) => snapshot !== old);
	assert.deepEqual([after, still], [left, selected]);
});
