// SPDX-License-Identifier: Apache-2.0
// The page: a dashboard's header, its rows and its panels on the grid. When all is drawn, the body says data-drawn.
import { ThemeContext, createTheme, dateTime } from '@grafana/data';
import { GlobalStyles, Icon, InlineField, InlineLabel, Input, PanelChrome } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { withFields } from './fields.js';
import { PanelBody } from './panels.jsx';
import { framesOf } from './query.js';
import { chosen, fill, shown } from './variables.js';
import './page.css';

// Grafana's grid: 24 columns, and rows of 30 pixels with 8 between.
const COLUMNS = 24;
const CELL = 30;
const GAP = 8;
const POINTS = 400;
const HIDDEN = 2; // a variable that Grafana does not show

const address = new URLSearchParams(location.search);
const theme = createTheme({ colors: { mode: address.get('theme') ?? 'dark' } });

function place({ x, y, w, h }, width) {
	const column = (width - GAP * (COLUMNS - 1)) / COLUMNS;
	return {
		left: x * (column + GAP),
		top: y * (CELL + GAP),
		width: w * column + (w - 1) * GAP,
		height: h * CELL + (h - 1) * GAP,
	};
}

function Panel({ panel, frames, box, context }) {
	return (
		<div className="panel" style={box}>
			<PanelChrome
				title={fill(panel.title, context.choices, context.time, false)}
				description={panel.description}
				width={box.width}
				height={box.height}
				padding={panel.type === 'table' ? 'none' : 'md'}
			>
				{(width, height) => <PanelBody {...{ panel, frames }} size={{ width, height }} timeRange={context.timeRange} />}
			</PanelChrome>
		</div>
	);
}

function Row({ panel, box }) {
	return (
		<div className="section" style={box}>
			<Icon name="angle-down" /> {panel.title}
		</div>
	);
}

function Header({ dashboard, context }) {
	const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
	return (
		<header>
			<div className="title">
				<Icon name="apps" size="lg" /> {dashboard.title}
				<span className="time">
					<Icon name="clock-nine" /> {clock(context.time.from)} to {clock(context.time.to)} UTC
				</span>
			</div>
			<div className="variables">
				{Object.values(context.choices).filter(({ variable }) => variable.hide !== HIDDEN).map((choice) => (
					<InlineField label={choice.variable.label} key={choice.variable.name}>
						<Input readOnly width={16} value={shown(choice)} suffix={<Icon name="angle-down" />} />
					</InlineField>
				))}
				<span className="links">
					{dashboard.links.map((link) => (
						<InlineLabel width="auto" key={link.url}>
							<Icon name="apps" /> &nbsp;{link.title}
						</InlineLabel>
					))}
				</span>
			</div>
		</header>
	);
}

function Dashboard({ dashboard, frames, context }) {
	const width = document.documentElement.clientWidth - 32;
	const bottom = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
	useEffect(() => {
		// After the frame in which the canvases are painted.
		requestAnimationFrame(() => setTimeout(() => (document.body.dataset.drawn = 'yes'), 500));
	}, []);
	return (
		<>
			<GlobalStyles />
			<Header {...{ dashboard, context }} />
			<main style={{ height: bottom * (CELL + GAP) }}>
				{dashboard.panels.map((panel) => {
					const box = place(panel.gridPos, width);
					if (panel.type === 'row') return <Row {...{ panel, box }} key={panel.id} />;
					return <Panel {...{ panel, box, context }} frames={frames.get(panel.id)} key={panel.id} />;
				})}
			</main>
		</>
	);
}

async function json(path) {
	return (await fetch(path)).json();
}

async function load() {
	const dashboard = await json(`/dashboards/${address.get('dashboard')}.json`);
	const { from, to, interval } = await json('/times.json');
	const step = Math.max(interval, Math.ceil((to - from) / POINTS / interval) * interval);
	const time = { from: Math.floor(from / step) * step, to: Math.floor(to / step) * step, step, interval };
	const timeRange = { from: dateTime(time.from * 1000), to: dateTime(time.to * 1000) };
	timeRange.raw = timeRange;
	const context = { choices: chosen(dashboard, address), time, timeRange };
	const frames = new Map();
	for (const panel of dashboard.panels.filter(({ type }) => type !== 'row')) {
		frames.set(panel.id, withFields(panel, await framesOf(panel, context.choices, time), theme));
	}
	return { dashboard, frames, context };
}

function Page() {
	const [state, setState] = useState(null);
	useEffect(() => {
		load().then(setState, (trouble) => {
			document.body.dataset.failed = document.body.textContent = String(trouble.stack);
		});
	}, []);
	return state && <Dashboard {...state} />;
}

document.body.style.background = theme.colors.background.canvas;
createRoot(document.getElementById('root')).render(
	<ThemeContext.Provider value={theme}>
		<Page />
	</ThemeContext.Provider>
);
