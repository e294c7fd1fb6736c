// SPDX-License-Identifier: Apache-2.0
// Variables of a dashboard: their values, and their replacement in texts as Grafana does it.

const ALL = '$__all';

// Returns the value of each variable: from the page's address, or the dashboard's default.
export function chosen(dashboard, address) {
	const values = {};
	for (const variable of dashboard.templating.list) {
		const given = address.getAll(`var-${variable.name}`);
		values[variable.name] = { variable, values: given.length ? given : [variable.current?.value ?? ''].flat() };
	}
	return values;
}

export function shown({ variable, values }) {
	if (variable.type === 'datasource') return 'Prometheus';
	return values.includes(ALL) ? 'All' : values.join(' + ');
}

function regex({ variable, values }) {
	if (values.includes(ALL)) return variable.allValue;
	const escaped = values.map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\\\$&'));
	return escaped.length === 1 ? escaped[0] : `(${escaped.join('|')})`;
}

// A text with every $name of ours and of Grafana's filled in; `expression`: as a part of a regular expression.
export function fill(text, choices, time, expression) {
	const own = {
		__range: `${Math.round(time.to - time.from)}s`,
		__rate_interval: `${Math.max(4 * time.interval, time.step + time.interval)}s`,
	};
	return text.replace(/\$(\w+)|\$\{(\w+)\}/g, (whole, plain, braced) => {
		const name = plain ?? braced;
		if (name in own) return own[name];
		if (!(name in choices)) throw new Error(`no variable ${whole}`);
		return expression && choices[name].variable.multi ? regex(choices[name]) : shown(choices[name]);
	});
}
