// SPDX-License-Identifier: Apache-2.0
// A dashboard from its sections: variables, links, annotations, and panels on Grafana's grid, which is 24 units wide.
local panels = import 'panels.libsonnet';
local grid = 24;
local schemaVersion = 38;  // of Grafana 10.0; later versions migrate it when they load it
local titles = {
  'tcp-exporter-fleet': 'TCP / Fleet',
  'tcp-exporter-host': 'TCP / Host',
  'tcp-exporter-process': 'TCP / Process',
};
local all = { selected: true, text: ['All'], value: ['$__all'] };

local row(title, y, collapsed=false, inside=[]) = {
  type: 'row',
  title: title,
  collapsed: collapsed,
  panels: inside,
  gridPos: { x: 0, y: y, w: grid, h: 1 },
};

local widths(line) = std.foldl(function(sum, panel) sum + panel.width, line.panels, 0);
local height(section) = std.foldl(function(sum, line) sum + line.height, section.lines, 0);

// Returns the panels of a line with their places.
local placed(line, y) =
  assert widths(line) == grid : 'a line is %d wide' % widths(line);
  std.foldl(
    function(state, panel) {
      x: state.x + panel.width,
      panels: state.panels + [panel.panel { gridPos: { x: state.x, y: y, w: panel.width, h: line.height } }],
    },
    line.panels,
    { x: 0, panels: [] }
  ).panels;

local lines(section, y) = std.foldl(
  function(state, line) { y: state.y + line.height, panels: state.panels + placed(line, state.y) },
  section.lines,
  { y: y, panels: [] }
).panels;

// Returns the panels of all sections. A collapsed section has its panels inside its row.
local laidOut(sections) = std.foldl(
  function(state, section)
    local inside = lines(section, state.y + 1);
    {
      y: state.y + 1 + (if section.collapsed then 0 else height(section)),
      panels: state.panels + (
        if section.collapsed
        then [row(section.title, state.y, true, inside)]
        else [row(section.title, state.y)] + inside
      ),
    },
  sections,
  { y: 0, panels: [] }
).panels;

// Numbers the panels, those inside rows too.
local numbered(panels) = std.mapWithIndex(
  function(index, panel) panel {
    id: index + 1,
    [if panel.type == 'row' then 'panels']: std.mapWithIndex(
      function(number, inner) inner { id: 100 * (index + 1) + number }, panel.panels
    ),
  }, panels
);

local queryVariable(name, label, query, description, changes={}) = {
  name: name,
  label: label,
  description: description,
  type: 'query',
  datasource: panels.datasource,
  definition: query,
  query: { query: query, refId: name },
  refresh: 2,
  regex: '',
  sort: 1,
  multi: true,
  includeAll: true,
  allValue: '.+',
  current: all,
  options: [],
  hide: 0,
  skipUrlSync: false,
} + changes;

local datasourceVariable = {
  name: 'datasource',
  label: 'Data source',
  description: 'The Prometheus that scrapes tcp_exporter',
  type: 'datasource',
  query: 'prometheus',
  options: [],
  refresh: 1,
  regex: '',
  current: { selected: false, text: 'default', value: 'default' },
  multi: false,
  includeAll: false,
  hide: 0,
  skipUrlSync: false,
};

function(config, lib) {
  local dashboard = self,
  local cluster = if config.clusterLabel == '' then '' else config.clusterLabel + '=~"$cluster"',
  // Every link keeps the chosen data source, the jobs and the time.
  local kept = '${datasource:queryparam}&${job:queryparam}&${__url_time_range}',

  // Matchers of the chosen hosts, and of the chosen processes on them
  hosts:: std.join(',', std.filter(function(m) m != '', [cluster, 'job=~"$job"', 'instance=~"$instance"'])),
  processes:: self.hosts + ',process=~"$process"',
  jobs:: std.join(',', std.filter(function(m) m != '', [cluster, 'job=~"$job"'])),
  clusterMatcher:: cluster,

  line(height, panels):: {
    height: height,
    panels: [{ width: pair[0], panel: pair[1] } for pair in panels],
  },
  section(title, lines, collapsed=false):: { title: title, lines: lines, collapsed: collapsed },

  // Returns a link to a dashboard. `variables` have the names of Grafana macros as their values. Without a macro of its
  // own the cluster is the chosen one.
  link(uid, variables)::
    local own = std.objectHas(variables, 'cluster');
    local chosen = [
      '&var-%s=${%s:percentencode}' % [name, variables[name]]
      for name in std.objectFields(variables)
    ];
    local clusters = if cluster == '' || own then '' else '&${cluster:queryparam}';
    { title: 'Open ' + titles[uid], url: '/d/%s?%s%s%s' % [uid, kept, clusters, std.join('', chosen)] },

  // Links to the host of a line or of a row, and the texts that distinguish hosts of equal name in two clusters
  lineHost(variables={}):: [self.link('tcp-exporter-host', {
    instance: '__field.labels.instance',
    [if cluster != '' then 'cluster']: '__field.labels.' + config.clusterLabel,
  } + variables)],
  hostColumns: (if cluster == '' then [] else [panels.column('Cluster', label=config.clusterLabel)]) + [
    panels.column('Host', label='instance', links=[self.link('tcp-exporter-host', {
      instance: '__data.fields.Host',
      [if cluster != '' then 'cluster']: '__data.fields.Cluster',
    })]),
  ],
  legend(text):: if cluster == '' then text else '%s {{%s}}' % [text, config.clusterLabel],

  // Variables
  variable: {
    [if cluster != '' then 'cluster']: queryVariable(
      'cluster',
      'Cluster',
      'label_values(%s, %s)' % [lib.select('tcp_sockets'), config.clusterLabel],
      'Clusters',
      // Matches series without the label too.
      { allValue: '.*', hide: if config.showMultiCluster then 0 else 2 }
    ),
    job: queryVariable(
      'job',
      'Job',
      'label_values(%s, job)' % lib.select('tcp_sockets', cluster),
      'Scrape jobs of tcp_exporter',
      if config.job == '' then {} else { current: { selected: true, text: [config.job], value: [config.job] } }
    ),
    instance: queryVariable(
      'instance', 'Instance', 'label_values(%s, instance)' % lib.select('tcp_sockets', dashboard.jobs), 'Hosts'
    ),
    process(selector):: queryVariable(
      'process', 'Process', 'label_values(%s, process)' % selector, 'Processes that own sockets'
    ),
    query: queryVariable,
    choice(name, label, values, chosen, description):: {
      local option(value) = { selected: value == chosen, text: value, value: value },
      name: name,
      label: label,
      description: description,
      type: 'custom',
      query: std.join(',', values),
      current: option(chosen),
      options: [option(value) for value in values],
      multi: false,
      includeAll: false,
      hide: 0,
      skipUrlSync: false,
    },
  },

  // Returns the dashboard. `alerts` are the matchers of the alerts that it draws.
  build(uid, description, variables, sections, alerts, links=[]):: {
    uid: uid,
    title: titles[uid],
    description: description,
    tags: config.dashboardTags,
    schemaVersion: schemaVersion,
    version: 1,
    editable: false,
    graphTooltip: 1,
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    fiscalYearStartMonth: 0,
    local own = { type: 'grafana', uid: '-- Grafana --' },
    annotations: { list: [
      {
        name: 'Annotations & Alerts',
        builtIn: 1,
        type: 'dashboard',
        datasource: own,
        enable: true,
        hide: true,
        iconColor: 'rgba(0, 211, 255, 1)',
      },
      {
        name: 'Deploys',
        datasource: own,
        enable: true,
        hide: false,
        iconColor: 'blue',
        target: { type: 'tags', tags: ['deploy'], matchAny: false, limit: 100 },
      },
      {
        name: 'Alerts',
        datasource: panels.datasource,
        enable: true,
        hide: false,
        iconColor: 'red',
        expr: 'ALERTS{alertname=~"Tcp.+",alertstate="firing",%s}' % alerts,
        titleFormat: '{{alertname}}',
        textFormat: '{{instance}} {{process}} {{local_port}}',
        step: '60s',
        useValueForTime: false,
      },
    ] },
    local externalLink = {
      type: 'link',
      icon: 'dashboard',
      tooltip: '',
      tags: [],
      asDropdown: false,
      includeVars: true,
      keepTime: true,
      targetBlank: false,
    },
    links: [
      externalLink { title: titles[other], url: '/d/' + other }
      for other in std.objectFields(titles)
      if other != uid
    ] + [
      externalLink { icon: 'external link', includeVars: false, keepTime: false, targetBlank: true } + link
      for link in links
    ],
    local clusters = if cluster == '' then [] else [dashboard.variable.cluster],
    templating: { list: [datasourceVariable] + clusters + variables },
    panels: numbered(laidOut(sections)),
  },
}
