// SPDX-License-Identifier: Apache-2.0
// Dashboard of the fleet: leaking processes, and hosts at risk.
local panels = import 'panels.libsonnet';
{
  local config = $._config,
  local lib = $._lib,
  local dashboard = (import 'dashboard.libsonnet')(config, lib),
  local q = (import 'queries.libsonnet')(config, dashboard),
  local stat = panels.stat,
  local graph = panels.graph,
  local query = panels.query,
  local column = panels.column,
  local line = dashboard.line,
  local section = dashboard.section,
  local thresholds = q.thresholds,

  local lines = 10,  // of a graph
  local rows = 20,  // of a table
  local byProcess = 'instance_process_state:tcp_connections:sum',
  local byPort = 'instance_process_local_port_state:tcp_connections:sum',
  local outbound = 'instance_process_remote_port_state:tcp_outbound_connections:sum',
  local oldest = 'instance_process_local_port:tcp_close_wait_oldest_seconds:max',
  local queueRatio = 'instance_process_local_port:tcp_accept_queue:ratio',
  local portRatio = 'instance:tcp_ephemeral_ports:ratio',
  // One series per process of a job, over all hosts
  local wholeJob = 'job_process_state:tcp_connections:sum',
  local jobProcesses = dashboard.jobs + ',process=~"$process"',

  local instance = lib.by('instance'),
  local instancePort = lib.by('instance, process, local_port'),
  local onHost = dashboard.legend('{{instance}}'),
  local toHost = dashboard.lineHost(),
  local toProcess = [dashboard.link('tcp-exporter-process', { process: '__field.labels.process' })],

  // `up` of exporters, and not of other programs
  local up = '%s and on (%s) last_over_time(job:tcp_exporters:count{%s}[1w])'
             % [q.select('up', dashboard.hosts), lib.jobLabels, dashboard.jobs],

  local numbers = line(5, [
    [4, stat('Hosts up', 'Hosts whose last scrape worked.', 'sum(%s) or vector(0)' % up, spark=false)],
    [4, stat(
      'Hosts down',
      'Hosts whose last scrape failed. They have no current data.',
      q.numberOf('(%s) == 0' % up),
      threshold=thresholds.down,
      spark=false
    )],
    [4, stat(
      'CLOSE_WAIT',
      'Sockets on all chosen hosts that the peer has closed and the owning process has not.',
      'sum(%s)' % q.inState('close_wait', 'tcp_sockets', dashboard.hosts),
      color='text'
    )],
    [4, stat(
      'Leaking processes',
      'Processes with more than %d sockets in CLOSE_WAIT on one port, the threshold of the alert.'
      % config.closeWaitWarning,
      q.numberOf(q.per(lib.by('instance, process'),
                       '%s > %d' % [q.inState('close_wait', byPort), config.closeWaitWarning])),
      threshold=thresholds.any,
      spark=false
    )],
    [4, stat(
      'Fullest accept queue',
      'Used part of the fullest accept queue. At 100 % the kernel drops new connections.',
      'max(%s)' % q.select(queueRatio),
      unit='percentunit',
      threshold=thresholds.acceptQueue,
      noValue='no queues'
    )],
    [4, stat(
      'Most ephemeral ports',
      'Used part of the ephemeral ports, on the host with the fewest free ports.',
      'max(%s)' % q.select(portRatio, dashboard.hosts),
      unit='percentunit',
      decimals=1,
      threshold=thresholds.ephemeralPorts
    )],
  ]),

  local worst = 'topk(%d, %s > 0)' % [rows, q.per(instancePort, q.inState('close_wait', byPort))],
  local ofWorst(vector) = '%s and on (%s) %s' % [vector, instancePort, worst],
  local worstProcesses = panels.table(
    'Most CLOSE_WAIT',
    'The %d processes with the most sockets that the peer has closed and the process has not. The process opened the '
    % rows + 'connections on port "ephemeral" itself. A click on a name opens its dashboard.',
    dashboard.hostColumns + [
      column('Process', label='process', links=[
        dashboard.link('tcp-exporter-process', { process: '__data.fields.Process' }),
      ]),
      column('Port', label='local_port'),
      column('CLOSE_WAIT', expr=worst, threshold=thresholds.closeWait),
      column('Oldest',
             expr=ofWorst(q.per(instancePort, q.select(oldest), 'max')),
             unit='s',
             decimals=0,
             threshold=thresholds.closeWaitAge),
      column('Established', expr=ofWorst(q.per(instancePort, q.inState('established', byPort)))),
    ],
    sort='CLOSE_WAIT',
    noValue='no CLOSE_WAIT sockets'
  ),

  local hosts = panels.table(
    'Hosts',
    'The worst values of each host: CLOSE_WAIT of a process on one port, the fullest accept queue, used ephemeral ports, '
    + 'SYN_SENT to one port, and sockets with an unknown owner. A click on a name opens its dashboard.',
    dashboard.hostColumns + [
      column('CLOSE_WAIT',
             expr=q.per(instance, q.inState('close_wait', byPort), 'max'),
             threshold=thresholds.closeWait),
      column('Accept queue',
             expr=q.per(instance, q.select(queueRatio), 'max'),
             unit='percentunit',
             decimals=0,
             threshold=thresholds.acceptQueue),
      column('Ephemeral',
             expr=q.per(instance, q.select(portRatio, dashboard.hosts), 'max'),
             unit='percentunit',
             decimals=1,
             threshold=thresholds.ephemeralPorts),
      column('SYN_SENT',
             expr=q.orNone(instance, q.per(instance, q.inState('syn_sent', outbound), 'max'), byProcess),
             threshold=thresholds.synSent),
      column('Unknown',
             expr=q.orNone(instance, q.per(instance, q.select(byProcess, dashboard.hosts, 'process="(unknown)"')), byProcess),
             threshold=thresholds.any),
    ],
    sort='CLOSE_WAIT'
  ),

  local overTime = [
    line(8, [
      [12, graph(
        'Job CLOSE_WAIT by process',
        'The %d processes with the most sockets in CLOSE_WAIT in the time shown, on all hosts of the job. A line that only '
        % lines + 'rises is a leak.',
        [query(q.top(lines, 'process', q.inState('close_wait', wholeJob, jobProcesses)), '{{process}}')],
        links=toProcess,
        noValue='no CLOSE_WAIT sockets'
      )],
      [12, graph(
        'CLOSE_WAIT by host',
        'The %d hosts with the most sockets in CLOSE_WAIT in the time shown, of all processes.' % lines,
        [query(q.top(lines, instance, q.inState('close_wait', 'tcp_sockets', dashboard.hosts)), onHost)],
        links=toHost,
        noValue='no CLOSE_WAIT sockets'
      )],
    ]),
    line(8, [
      [12, graph(
        'Sockets by state',
        'All sockets of the chosen hosts except listeners.',
        [query(q.per('state', q.select('tcp_sockets', dashboard.hosts, 'state!="listen"')), '{{state}}')],
        stacked=true,
        overrides=panels.stateOverrides
      )],
      [12, graph(
        'Job SYN_SENT by process',
        'The %d processes with the most sockets in SYN_SENT in the time shown, on all hosts of the job. Their peer is down, '
        % lines + 'or a firewall drops the packets.',
        [query(q.top(lines, 'process', q.inState('syn_sent', wholeJob, jobProcesses)), '{{process}}')],
        links=toProcess,
        noValue='no SYN_SENT sockets'
      )],
    ]),
    line(8, [
      [12, graph(
        'Fullest accept queues',
        'The %d fullest accept queues in the time shown. Their processes accept more slowly than clients connect, or not at '
        % lines + 'all.',
        [query(q.top(lines, instancePort, q.select(queueRatio), 'max'), dashboard.legend('{{instance}} {{process}}:{{local_port}}'))],
        unit='percentunit',
        threshold=thresholds.acceptQueue,
        links=toHost,
        noValue='no waiting connections'
      )],
      [12, graph(
        'Used ephemeral ports',
        'The %d hosts with the fewest free ephemeral ports in the time shown. Without a free port a host cannot open a '
        % lines + 'connection.',
        [query(q.top(lines, instance, q.select(portRatio, dashboard.hosts), 'max'), onHost)],
        unit='percentunit',
        threshold=thresholds.ephemeralPorts,
        links=toHost,
        noValue='no outbound connections'
      )],
    ]),
  ],

  local rate(metric) = 'rate(%s[$__rate_interval])' % q.select(metric, dashboard.hosts),
  local exporters = line(7, [
    [12, graph(
      'Slowest scrapes',
      'Scrape durations of the %d hosts with the slowest scrapes in the time shown.' % lines,
      [query(q.top(lines, instance, q.select('tcp_exporter_scrape_duration_seconds', dashboard.hosts)), onHost)],
      unit='s',
      threshold=thresholds.scrapeSeconds
    )],
    [12, graph(
      'Failed scrapes',
      'Part of the scrapes that failed, by cause, on the host with the most failures.',
      [query(q.per('cause', '%s / ignoring (cause) group_left () %s' % [
        rate('tcp_exporter_scrape_errors_total'),
        rate('tcp_exporter_scrapes_total'),
      ], 'max'), '{{cause}}')],
      unit='percentunit',
      threshold=thresholds.failedRatio
    )],
  ]),

  grafanaDashboards+:: {
    'tcp-exporter-fleet.json': dashboard.build(
      'tcp-exporter-fleet',
      'TCP connections of all hosts: leaking processes, full accept queues, hosts at risk.',
      [
        dashboard.variable.job,
        dashboard.variable.instance,
        dashboard.variable.process('%s{%s}' % [wholeJob, dashboard.jobs]),
      ],
      [
        section('Now', [numbers]),
        section('Processes and hosts', [line(9, [[12, worstProcesses], [12, hosts]])]),
        section('Over time', overTime),
        section('Exporters', [exporters]),
      ],
      alerts=dashboard.hosts
    ),
  },
}
