// SPDX-License-Identifier: Apache-2.0
// Settings of the mixin. A user of the mixin overrides them with `+:: { ... }`.
{
  _config+:: {
    // Label matchers of every query of the exporter's own metrics, such as 'job="tcp"'. Empty: all targets.
    selector: '',
    // The job that the dashboards show first. Empty: all jobs.
    job: '',
    // Label that distinguishes clusters whose hosts have equal names. Series may lack it. Empty: no label.
    clusterLabel: 'cluster',
    // Whether the dashboards show the variable of the cluster.
    showMultiCluster: true,

    // Address of the runbook; %s is the name of the alert in lower case.
    runbookURLPattern: 'https://git.example.org/tcp_exporter/blob/main/dashboards/README.md#%s',
    // Address of Grafana in the alerts. Empty: the link is a path.
    grafanaURL: '',
    // Address of the exporter's own page. The host's dashboard fills in its instance.
    exporterURL: 'http://${instance:raw}/',
    // Tags of the dashboards.
    dashboardTags: ['tcp', 'tcp_exporter'],

    // Optional labels of --collector.label that divide the sockets of one service or change when it restarts. The rules
    // remove them.
    socketLabels: ['pid', 'family', 'local_address'],
    // Optional labels of --collector.label that identify a service. The rules keep them.
    serviceLabels: ['user', 'exe', 'unit', 'container', 'netns'],
    // Labels that differ between the hosts of one job, in addition to the optional labels.
    hostLabels: ['instance', 'node', 'pod'],

    // The usual limit of file descriptors (LimitNOFILE), to which dashboards extrapolate a leak.
    descriptors: 1024,

    // Thresholds of the alerts. A number alerts when it is higher, unless its comment says otherwise.
    closeWaitWarning: 100,
    closeWaitCritical: 1000,
    closeWaitOldSeconds: 3600,
    closeWaitOldSockets: 10,  // from this number on
    closeWaitVeryOldSeconds: 86400,
    closeWaitOutgrownSockets: 20,  // from this number on
    acceptQueueWarning: 0.8,
    acceptQueueCritical: 1,  // from this ratio on
    acceptQueueStuckCritical: 0.1,  // from this ratio on
    acceptQueuePageLength: 5,  // fewer waiting connections are never critical
    acceptQueueDrops: 10,  // within five minutes
    leakGrowth: 4,  // connections in four hours, from this number on
    fastLeakGrowth: 25,  // connections in 30 minutes, from this number on
    synSent: 10,
    synSentRatio: 0.1,
    timeWaitRatio: 0.5,
    ephemeralPortsWarning: 0.8,
    ephemeralPortsCritical: 0.95,
    lostConnections: 10,  // from this number on
    scrapesLostRatio: 0.1,
    scrapesFailedRatio: 0.1,
    scrapeSeconds: 2,
  },

  // Helpers of rules and dashboards
  _lib:: {
    local config = $._config,
    local list(names) = std.join(', ', names),
    local cluster = if config.clusterLabel == '' then [] else [config.clusterLabel],

    // Lists of labels for `by`, `without`, `on` and `ignoring`
    clusterLabels: cluster,
    socketLabels: list(config.socketLabels),
    serviceLabels: list(config.serviceLabels),
    hostLabels: list(config.hostLabels),
    jobLabels: list(cluster + ['job']),
    by(labels):: list(cluster + [labels]),

    // Returns a selector of one of the exporter's own metrics.
    select(metric, matchers='')::
      local all = std.join(',', std.filter(function(m) m != '', [config.selector, matchers]));
      if all == '' then metric else '%s{%s}' % [metric, all],

    // Returns the last value within the time that a restart of the exporter needs. A restart neither ends nor restarts an
    // alert.
    last(selector):: 'last_over_time(%s[5m])' % selector,

    // Returns an alert with its links. `dashboard` is the dashboard that shows it: process or host.
    alert(name, severity, period, expr, summary, description, dashboard='process')::
      local variables = cluster + ['job', 'instance'] + (if dashboard == 'process' then ['process'] else []);
      local label(variable) = if variable == config.clusterLabel then 'cluster' else variable;
      {
        alert: name,
        expr: std.rstripChars(expr, '\n'),
        'for': period,
        labels: { severity: severity },
        annotations: {
          summary: summary,
          description: description,
          runbook_url: config.runbookURLPattern % std.asciiLower(name),
          dashboard_url: '%s/d/tcp-exporter-%s?%s' % [config.grafanaURL, dashboard, std.join('&', [
            'var-%s={{ $labels.%s | urlquery }}' % [label(variable), variable]
            for variable in variables
          ])],
        },
      },

    // Returns the condition of a leak, for series that rise three times in a row. `back` has one to four periods.
    //
    // The numbers of the whole job tell a leak from a rhythm, also for a process that has moved. They were not higher at
    // the same hour of the day before than at the start of the growth. And they were not higher a week before, unless
    // they did not fall within the next 18 hours.
    leak(series, growth, back, on)::
      |||
        %(rise)s + %(rise)s offset %(two)s >= %(growth)s
        and %(rise)s offset %(one)s
        and on (%(on)s)
        %(jobFloor)s offset 1d <= %(jobCeiling)s offset %(four)s
        unless on (%(on)s) (
        %(jobFloor)s offset 1w > %(jobCeiling)s offset %(four)s
        and %(jobFloor)s offset 1w > %(jobFloor)s offset 150h
        )
      ||| % series { growth: growth, on: on, one: back[0], two: back[1], four: back[2] },
  },
}
