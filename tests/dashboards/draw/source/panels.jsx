// SPDX-License-Identifier: Apache-2.0
// Each kind of panel, drawn by the components that Grafana's own panels are made of.
import { FieldType, getDisplayValueAlignmentFactors, getFieldDisplayValues } from '@grafana/data';
import { BarGauge, BigValue, Table, TimeSeries, VizRepeater, useTheme2 } from '@grafana/ui';

function displayValues(panel, frames, theme, sparkline) {
	return getFieldDisplayValues({
		data: frames,
		fieldConfig: panel.fieldConfig,
		reduceOptions: panel.options.reduceOptions,
		replaceVariables: (text) => text,
		sparkline,
		theme,
		timeZone: 'utc',
	});
}

function Repeated({ panel, frames, size, sparkline, orientation, draw }) {
	const theme = useTheme2();
	const values = displayValues(panel, frames, theme, sparkline);
	return (
		<VizRepeater
			{...size}
			source={frames}
			getValues={() => values}
			getAlignmentFactors={getDisplayValueAlignmentFactors}
			orientation={orientation}
			renderCounter={1}
			itemSpacing={3}
			minVizHeight={panel.options.minVizHeight}
			renderValue={(each) => draw({ ...each, theme })}
		/>
	);
}

function Stat({ panel, frames, size, timeRange }) {
	const { graphMode, colorMode, textMode, justifyMode, wideLayout } = panel.options;
	return (
		<Repeated
			{...{ panel, frames, size }}
			orientation="auto"
			sparkline={graphMode !== 'none'}
			draw={({ value, width, height, theme, count }) => (
				<BigValue
					value={value.display}
					sparkline={value.sparkline && { ...value.sparkline, timeRange }}
					disableWideLayout={!wideLayout}
					{...{ width, height, theme, count, graphMode, colorMode, textMode, justifyMode }}
				/>
			)}
		/>
	);
}

function Bars({ panel, frames, size }) {
	const { displayMode, showUnfilled, valueMode, namePlacement } = panel.options;
	return (
		<Repeated
			{...{ panel, frames, size }}
			orientation="horizontal"
			draw={({ value, width, height, theme, alignmentFactors }) => (
				<BarGauge
					value={value.display}
					field={value.field}
					display={value.view?.getFieldDisplayProcessor(value.colIndex)}
					orientation="horizontal"
					valueDisplayMode={valueMode}
					isOverflow={false}
					{...{ width, height, theme, alignmentFactors, displayMode, showUnfilled, namePlacement }}
				/>
			)}
		/>
	);
}

function Graph({ panel, frames, size, timeRange }) {
	return (
		<TimeSeries
			{...size}
			frames={frames}
			structureRev={1}
			timeRange={timeRange}
			timeZone="utc"
			legend={panel.options.legend}
			options={panel.options}
		/>
	);
}

function Rows({ panel, frames, size }) {
	const { showHeader, sortBy, cellHeight } = panel.options;
	return <Table {...size} data={frames[0]} initialSortBy={sortBy} {...{ showHeader, cellHeight }} timeRange={null} />;
}

const KINDS = { stat: Stat, bargauge: Bars, timeseries: Graph, table: Rows };

export function isEmpty(frames) {
	return !frames.some((frame) => frame.length && frame.fields.some(({ type }) => type === FieldType.number));
}

export function PanelBody(props) {
	const { panel, frames } = props;
	if (isEmpty(frames)) return <div className="empty">{panel.fieldConfig.defaults.noValue ?? 'No data'}</div>;
	const Kind = KINDS[panel.type];
	return <Kind {...props} />;
}
