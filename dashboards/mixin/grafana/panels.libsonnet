// SPDX-License-Identifier: Apache-2.0
// Panels as Grafana's JSON, with the options that all panels of this project share.
local datasource = { type: 'prometheus', uid: '${datasource}' };
local base = 'green', warning = 'orange', critical = 'red';
local letter(index) = std.char(std.codepoint('A') + index);

// Returns the steps of a threshold. A threshold has the numbers of the alerts by severity, null without an alert.
local steps(threshold, color) = { mode: 'absolute', steps: [{ color: color, value: null }] + [
  step
  for step in [{ color: warning, value: threshold.warning }, { color: critical, value: threshold.critical }]
  if step.value != null
] };

local reference(query, index, instant, format) = {
  datasource: datasource,
  editorMode: 'code',
  expr: query.expr,
  refId: letter(index),
  instant: instant,
  range: !instant,
  format: format,
  legendFormat: if query.legend == '' then '__auto' else query.legend,
};

local panel(type, title, description, queries, defaults, options, overrides=[], instant=false, format='time_series', noValue='none') = {
  type: type,
  title: title,
  description: description,
  datasource: datasource,
  transparent: false,
  transformations: [],
  fieldConfig: { defaults: { mappings: [], noValue: noValue } + defaults, overrides: overrides },
  options: options,
  targets: std.mapWithIndex(function(index, query) reference(query, index, instant, format), queries),
};

local override(matcher, options, properties) = {
  matcher: { id: matcher, options: options },
  properties: [{ id: id, value: properties[id] } for id in std.objectFields(properties)],
};

// One colour per state, the same in every panel. States that need attention have warm colours.
local stateColors = {
  established: 'green',
  listen: 'semi-dark-blue',
  close_wait: 'red',
  time_wait: 'light-blue',
  syn_sent: 'orange',
  syn_recv: 'yellow',
  fin_wait1: 'light-purple',
  fin_wait2: 'purple',
  last_ack: 'dark-orange',
  closing: 'dark-purple',
  closed: 'text',
  delete_tcb: 'super-light-purple',
};
local fixed(color) = { mode: 'fixed', fixedColor: color };

{
  datasource: datasource,
  threshold(warning=null, critical=null):: { warning: warning, critical: critical },
  none: self.threshold(),
  query(expr, legend=''):: { expr: expr, legend: legend },
  fixed: fixed,
  stateColors: stateColors,
  stateOverrides: [override('byName', state, { color: fixed(stateColors[state]) }) for state in std.objectFields(stateColors)],
  // Returns an override for the result of the query with this letter.
  frameOverride(query, properties):: override('byFrameRefID', query, properties),

  // Returns a panel with one number, coloured by its threshold. Without `spark` it queries the present only.
  stat(title, description, expr, unit='short', decimals=null, threshold=self.none, color=base, links=[], spark=true, noValue='none')::
    panel(
      'stat',
      title,
      description,
      [self.query(expr, title)],
      {
        unit: unit,
        min: 0,
        color: { mode: 'thresholds' },
        thresholds: steps(threshold, color),
        links: links,
        [if decimals != null then 'decimals']: decimals,
      },
      {
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
        orientation: 'auto',
        textMode: 'value',
        colorMode: 'value',
        graphMode: if spark then 'area' else 'none',
        justifyMode: 'center',
        wideLayout: true,
        showPercentChange: false,
        percentChangeColorMode: 'standard',
      },
      instant=!spark,
      noValue=noValue,
    ),

  // Returns a panel with lines over time.
  graph(title, description, queries, unit='short', stacked=false, threshold=self.none, overrides=[], links=[], noValue='none', legend='right')::
    // Least upper end of the axis, so that noise near 0 looks small
    local softMaximum = std.get({ percentunit: 0.1, s: 0.01, bytes: 1024 }, unit, 10);
    panel(
      'timeseries',
      title,
      description,
      queries,
      {
        unit: unit,
        min: 0,
        color: { mode: 'palette-classic' },
        thresholds: steps(threshold, base),
        links: links,
        custom: {
          drawStyle: 'line',
          lineInterpolation: 'linear',
          lineWidth: if stacked then 0 else 1,
          fillOpacity: if stacked then 70 else 10,
          gradientMode: 'none',
          showPoints: 'never',
          pointSize: 5,
          spanNulls: false,
          insertNulls: false,
          barAlignment: 0,
          axisPlacement: 'auto',
          axisLabel: '',
          axisColorMode: 'text',
          axisBorderShow: false,
          axisCenteredZero: false,
          axisSoftMin: 0,
          axisSoftMax: softMaximum,
          scaleDistribution: { type: 'linear' },
          hideFrom: { legend: false, tooltip: false, viz: false },
          stacking: { mode: if stacked then 'normal' else 'none', group: 'A' },
          thresholdsStyle: { mode: if threshold == $.none then 'off' else 'dashed' },
        },
      },
      {
        legend: {
          displayMode: 'table',
          placement: legend,
          showLegend: true,
          calcs: ['lastNotNull', 'max'],
          sortBy: 'Last *',
          sortDesc: true,
        },
        tooltip: { mode: 'multi', sort: 'desc' },
      },
      overrides=overrides,
      noValue=noValue,
    ),

  // A column of a table. Its values come from a label or from a query.
  column(title, label='', expr='', unit='short', decimals=null, threshold=self.none, gauge=false, links=[]):: {
    title: title,
    label: label,
    expr: expr,
    override: override('byName', title, {
      unit: if expr == '' then 'string' else unit,
      [if decimals != null then 'decimals']: decimals,
      [if threshold != $.none then 'thresholds']: steps(threshold, if gauge then base else 'transparent'),
      [if threshold != $.none then 'custom.cellOptions']: if gauge
      then { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' }
      else { type: 'color-background', mode: 'basic' },
      [if gauge then 'min']: 0,
      [if gauge then 'max']: 1,
      [if links != [] then 'links']: links,
    }),
  },

  // Returns a table. The columns with a label make the rows; each other column has a query.
  table(title, description, columns, sort, noValue='–')::
    local valued = [column for column in columns if column.expr != ''];
    local names = { [column.label]: column.title for column in columns if column.label != '' }
                  + { ['Value #' + letter(index)]: valued[index].title for index in std.range(0, std.length(valued) - 1) }
                  + { Value: valued[0].title };  // Grafana's name if only one query has a result
    local titles = [column.title for column in columns];
    panel(
      'table',
      title,
      description,
      [self.query(column.expr) for column in valued],
      {
        unit: 'short',
        color: { mode: 'thresholds' },
        thresholds: steps($.none, 'transparent'),
        custom: { align: 'auto', minWidth: 70, cellOptions: { type: 'auto' }, inspect: false, filterable: false },
      },
      { showHeader: true, cellHeight: 'sm', frameIndex: 0, sortBy: [{ displayName: sort, desc: true }] },
      overrides=[column.override for column in columns],
      instant=true,
      format='table',
      noValue=noValue,
    ) + {
      transformations: [
        { id: 'merge', options: {} },
        {
          id: 'organize',
          options: {
            excludeByName: { Time: true },
            indexByName: { [name]: std.find(names[name], titles)[0] for name in std.objectFields(names) },
            renameByName: names,
          },
        },
      ],
    },
}
