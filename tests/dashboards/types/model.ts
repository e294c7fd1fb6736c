// SPDX-License-Identifier: Apache-2.0
// What one of our dashboards may be: Grafana's own types, put together for the kinds of panels that we use.
import type { Dashboard, DataSourceRef, FieldConfigSource, Panel, RowPanel } from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {
	FieldConfig as TableFields,
	Options as TableOptions,
} from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type {
	FieldConfig as GraphFields,
	Options as GraphOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type { Dashboard as OldestDashboard } from 'schema-oldest';
import type { PrometheusDataQuery } from 'schema-oldest/dist/esm/raw/composable/prometheus/dataquery/x/PrometheusDataQuery_types.gen';

// A type as JSON writes it: its enums are their values. `any` and `unknown` stay what they are.
type Plain<T, Number = number> = 0 extends 1 & T
	? T
	: unknown extends T
		? T
		: T extends string
			? `${T}`
			: T extends number
				? `${number}` extends `${T}`
					? Number
					: `${T}` extends `${infer N extends number}`
						? N
						: never
				: T extends readonly (infer Item)[]
					? Plain<Item, Number>[]
					: T extends object
						? { [Key in keyof T]: Plain<T[Key], Number> }
						: T;

type Query = Omit<PrometheusDataQuery, 'datasource'> & { datasource: DataSourceRef };

// Grafana's type lets a panel's own fields have any name; ours are those that the panel has.
interface Fields<Custom> {
	defaults: Omit<FieldConfigSource['defaults'], 'custom'> & { custom?: Custom };
	overrides: FieldConfigSource['overrides'];
}

interface Kind<Type extends string, Options, Custom> extends Omit<Panel, 'options' | 'fieldConfig' | 'targets'> {
	type: Type;
	title: string;
	description: string;
	options: Options;
	fieldConfig: Fields<Custom>;
	targets: Query[];
}

type OurPanel =
	| Kind<'stat', StatOptions, never>
	| Kind<'table', TableOptions, Partial<TableFields>>
	| Kind<'timeseries', GraphOptions, GraphFields>;

type Annotation = NonNullable<NonNullable<Dashboard['annotations']>['list']>[number];
// What the data sources of annotations add to Grafana's type: Prometheus' query, and Grafana's own choice of tags.
type OurAnnotation = Omit<Annotation, 'target'> & {
	expr?: string;
	titleFormat?: string;
	textFormat?: string;
	step?: string;
	useValueForTime?: boolean;
	target?: { type: 'tags'; tags: string[]; matchAny: boolean; limit: number };
};
// What the Prometheus data source adds to a variable.
type Variable = NonNullable<NonNullable<Dashboard['templating']>['list']>[number] & { definition?: string };

type Ours = Omit<Dashboard, 'panels' | 'annotations' | 'templating'> & {
	annotations: { list: OurAnnotation[] };
	templating: { list: Variable[] };
};
type OursPlain = Plain<Ours> & { panels: (PlainPanel | Plain<RowPanel>)[] };
// Of each kind on its own, so that the compiler says what is wrong with a panel of that kind.
type PlainPanel = OurPanel extends infer Each ? (Each extends unknown ? Plain<Each> : never) : never;

export type Newest = OursPlain;
// Where the types of 10.0 tell what a file holds: its variables and annotations are those in a running Grafana, and its
// colour style is no longer read. The first step of its thresholds has no number.
export type Oldest = Plain<Omit<OldestDashboard, 'annotations' | 'style' | 'templating'>, number | null>;
