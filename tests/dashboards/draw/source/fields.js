// SPDX-License-Identifier: Apache-2.0
// Applies a panel's field configuration to its frames, as Grafana does.
import { FieldConfigOptionsRegistry, FieldConfigProperty, applyFieldOverrides } from '@grafana/data';

const item = (id, path, isCustom) => ({
	id,
	path,
	isCustom,
	name: id,
	process: (value) => value,
	shouldApply: () => true,
	override: () => null,
	editor: () => null,
});

const STANDARD = Object.values(FieldConfigProperty).map((id) => item(id, id, false));

// Returns a registry with the panel's own properties, which Grafana's panels register themselves.
function registryFor({ defaults, overrides }) {
	const changed = overrides.flatMap(({ properties }) => properties.map(({ id }) => id));
	const own = changed.filter((id) => id.startsWith('custom.')).map((id) => id.slice('custom.'.length));
	const names = new Set([...Object.keys(defaults.custom ?? {}), ...own]);
	return new FieldConfigOptionsRegistry(() => [...STANDARD, ...[...names].map((name) => item(`custom.${name}`, name, true))]);
}

export function withFields(panel, frames, theme) {
	return applyFieldOverrides({
		data: frames,
		fieldConfig: panel.fieldConfig,
		fieldConfigRegistry: registryFor(panel.fieldConfig),
		replaceVariables: (text) => text,
		theme,
		timeZone: 'utc',
	});
}
