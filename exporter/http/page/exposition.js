// SPDX-License-Identifier: Apache-2.0
// Reads Prometheus' text format, version 0.0.4.

const NAME = /[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]*/y;
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"([^"\\]*(?:\\[\\n"][^"\\]*)*)"[ \t]*/y;
const BRACE = /[ \t]*\}/y;
const VALUE = /[ \t]*([^ \t]+)(?:[ \t]+-?[0-9]+)?[ \t]*$/y;
const SPECIAL = {"+Inf": Infinity, "Inf": Infinity, "-Inf": -Infinity, "NaN": NaN};

function unescape(text) {
	return text.includes("\\") ? text.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c)) : text;
}

function number(text) {
	if (Object.hasOwn(SPECIAL, text))
		return SPECIAL[text];
	if (!/^[-+]?[0-9.]+(e[-+]?[0-9]+)?$/i.test(text) || Number.isNaN(Number(text)))
		throw new Error(`"${text}" is not a number`);
	return Number(text);
}

/** Parses the sample of one line. Calls each(name, labels, value). */
function sample(line, each) {
	let at = 0;
	const take = (pattern) => {
		pattern.lastIndex = at;
		const match = pattern.exec(line);
		if (match)
			at = pattern.lastIndex;
		return match;
	};
	const name = take(NAME);
	if (!name)
		throw new Error("no name");
	const labels = {};
	if (line[at] === "{") {
		at++;
		for (let comma = true; !take(BRACE); ) {
			const label = comma && take(LABEL);
			if (!label)
				throw new Error("bad labels");
			labels[label[1]] = unescape(label[2]);
			comma = line[at] === ",";
			at += comma;
		}
	}
	const value = take(VALUE);
	if (!value)
		throw new Error("no value");
	each(name[1], labels, number(value[1]));
}

/** Calls each(name, labels, value) for every sample. Throws, with the line's number, if the text is malformed. */
export function parse(text, each) {
	text.split("\n").forEach((line, index) => {
		if (/^[ \t]*(#|$)/.test(line))
			return;
		try {
			sample(line, each);
		} catch (error) {
			throw new Error(`line ${index + 1} of the metrics: ${error.message}`);
		}
	});
}
