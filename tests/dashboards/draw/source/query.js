// SPDX-License-Identifier: Apache-2.0
// Runs a panel's queries in Prometheus and returns Grafana's data frames.
import { FieldType, createDataFrame, standardTransformers, standardTransformersRegistry, transformDataFrame } from '@grafana/data';
import { fill } from './variables.js';

const { mergeTransformer, organizeFieldsTransformer } = standardTransformers;
standardTransformersRegistry.setInit(() =>
	[mergeTransformer, organizeFieldsTransformer].map((transformation) => ({
		id: transformation.id,
		name: transformation.name,
		transformation,
		editor: () => null,
	}))
);

async function ask(path, parameters) {
	const reply = await fetch(`/api/v1/${path}?${new URLSearchParams(parameters)}`);
	const answer = await reply.json();
	if (answer.status !== 'success') throw new Error(`${parameters.query}: ${answer.error}`);
	return answer.data.result;
}

function legend(format, labels) {
	if (format === '__auto') return JSON.stringify(labels);
	return format.replace(/\{\{(\w+)\}\}/g, (_, name) => labels[name] ?? '');
}

function numbers(values) {
	return values.map(([, value]) => Number(value));
}

async function series(query, target, format, time) {
	const range = { query, start: time.from, end: time.to, step: time.step };
	const result = target.instant ? await ask('query', { query, time: time.to }) : await ask('query_range', range);
	return result.map(({ metric, value, values = [value] }) => {
		const name = legend(format, metric);
		return createDataFrame({
			refId: target.refId,
			name,
			fields: [
				{ name: 'Time', type: FieldType.time, config: {}, values: values.map(([at]) => at * 1000) },
				{
					name: 'Value',
					type: FieldType.number,
					labels: metric,
					config: { displayNameFromDS: name },
					values: numbers(values),
				},
			],
		});
	});
}

async function rows(query, target, single, time) {
	const result = await ask('query', { query, time: time.to });
	const labels = [...new Set(result.flatMap(({ metric }) => Object.keys(metric)))];
	const column = (name, type, values) => ({ name, type, config: {}, values });
	return [
		createDataFrame({
			refId: target.refId,
			fields: [
				column('Time', FieldType.time, result.map(({ value }) => value[0] * 1000)),
				...labels.map((label) => column(label, FieldType.string, result.map(({ metric }) => metric[label] ?? ''))),
				column(single ? 'Value' : `Value #${target.refId}`, FieldType.number, numbers(result.map(({ value }) => [0, value[1]]))),
			],
		}),
	];
}

async function transformed(panel, frames) {
	if (!panel.transformations) return frames;
	return new Promise((resolve, reject) => {
		transformDataFrame(panel.transformations, frames).subscribe({ next: resolve, error: reject });
	});
}

// The frames of a panel, its transformations applied.
export async function framesOf(panel, choices, time) {
	const answers = panel.targets.map((target) => {
		const query = fill(target.expr, choices, time, true);
		if (target.format === 'table') return rows(query, target, panel.targets.length === 1, time);
		return series(query, target, fill(target.legendFormat, choices, time, false), time);
	});
	return transformed(panel, (await Promise.all(answers)).flat());
}
