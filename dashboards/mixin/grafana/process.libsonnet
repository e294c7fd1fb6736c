// SPDX-License-Identifier: Apache-2.0
// Dashboard of a process on all its hosts: before and after a deploy, and host by host.
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

  local lines = 20,  // of a graph
  local byProcess = 'instance_process_state:tcp_connections:sum',
  local byPort = 'instance_process_local_port_state:tcp_connections:sum',
  local outbound = 'instance_process_remote_port_state:tcp_outbound_connections:sum',
  local oldest = q.select('instance_process_local_port:tcp_close_wait_oldest_seconds:max'),
  local queueRatio = q.select('instance_process_local_port:tcp_accept_queue:ratio'),
  local before(vector) = vector + ' offset $before',
  local toHost = dashboard.lineHost({ process: '__field.labels.process' }),

  local closeWait = q.inState('close_wait', byPort),
  local established = q.inState('established', byProcess),
  local numbers = line(5, [
    [4, stat(
      'Hosts',
      'Hosts on which the process owns sockets.',
      'count(%s)' % q.per(lib.by('instance'), established, 'count'),
      color='text',
      spark=false
    )],
    [4, stat(
      'Most CLOSE_WAIT',
      'The most sockets in CLOSE_WAIT on one port of one host. The alert has the same number.',
      'max(%s)' % closeWait,
      threshold=thresholds.closeWait
    )],
    [4, stat(
      'Most CLOSE_WAIT, $before ago',
      'The same number at the time of the comparison.',
      'max(%s)' % before(closeWait),
      threshold=thresholds.closeWait,
      noValue='no earlier sockets'
    )],
    [4, stat('Established', 'Open connections on all chosen hosts.', 'sum(%s)' % established, color='text')],
    [4, stat(
      'Established, $before ago',
      'The same number at the time of the comparison.',
      'sum(%s)' % before(established),
      color='text',
      noValue='no earlier sockets'
    )],
    [4, stat(
      'Fullest accept queue',
      'Used part of the fullest accept queue.',
      'max(%s)' % queueRatio,
      unit='percentunit',
      decimals=0,
      threshold=thresholds.acceptQueue,
      noValue='no queues'
    )],
  ]),

  local compared(title, description, state) =
    local now = q.inState(state, byProcess);
    graph(
      title,
      description,
      [query('sum(%s)' % now, 'now'), query('sum(%s)' % before(now), '$before ago')],
      overrides=[
        panels.frameOverride('A', { color: panels.fixed(panels.stateColors[state]) }),
        panels.frameOverride('B', {
          color: panels.fixed('text'),
          'custom.fillOpacity': 0,
          'custom.lineStyle': { fill: 'dash', dash: [6, 6] },
        }),
      ],
      legend='bottom'
    ),
  local deploy = line(8, [
    [12, compared(
      'CLOSE_WAIT, before and after',
      'Sockets in CLOSE_WAIT on all chosen hosts, now and at the time of the comparison. Annotations with the tag "deploy" '
      + 'appear as lines.',
      'close_wait'
    )],
    [12, compared(
      'Established, before and after',
      'Established connections on all chosen hosts, now and at the time of the comparison.',
      'established'
    )],
  ]),

  local host = lib.by('instance, process'),
  local hostPort = lib.by('instance, process, local_port'),
  local openOutbound = q.select(outbound, more=q.open),
  local hosts = panels.table(
    'Hosts by process',
    'The process on each host, now and at the time of the comparison. A click on a host opens its dashboard.',
    dashboard.hostColumns + [
      column('Process', label='process'),
      column('CLOSE_WAIT', expr=q.per(host, closeWait, 'max'), threshold=thresholds.closeWait),
      column('CLOSE_WAIT before', expr=q.per(host, before(closeWait), 'max'), threshold=thresholds.closeWait),
      column('Established', expr=q.per(host, established)),
      column('Established before', expr=q.per(host, before(established))),
      column('Outbound', expr=q.orNone(host, q.per(host, openOutbound), byProcess)),
      column('Outbound before', expr=q.per(host, before(openOutbound))),
      column('Oldest CLOSE_WAIT',
             expr=q.per(host, oldest, 'max'),
             unit='s',
             decimals=0,
             threshold=thresholds.closeWaitAge),
    ],
    sort='CLOSE_WAIT'
  ),

  local onHost = dashboard.legend('{{process}} on {{instance}}'),
  local portOnHost = dashboard.legend('{{process}}:{{local_port}} on {{instance}}'),
  local byHost = [
    line(8, [
      [12, graph(
        'CLOSE_WAIT by host and port',
        'The %d highest numbers in the time shown. A host that rises alone has another version, configuration or peer.'
        % lines,
        [query(q.top(lines, hostPort, closeWait), portOnHost)],
        threshold=thresholds.closeWait,
        links=toHost,
        noValue='no CLOSE_WAIT sockets'
      )],
      [12, graph(
        'Established by host',
        'The %d hosts with the most established connections in the time shown.' % lines,
        [query(q.top(lines, host, established), onHost)],
        links=toHost,
        noValue='no established connections'
      )],
    ]),
    line(8, [
      [12, graph(
        'Oldest CLOSE_WAIT by host',
        'Age of the oldest socket in CLOSE_WAIT.',
        [query(q.top(lines, host, oldest, 'max'), onHost)],
        unit='s',
        threshold=thresholds.closeWaitAge,
        links=toHost,
        noValue='no CLOSE_WAIT sockets'
      )],
      [12, graph(
        'Accept queues by host',
        'Used part of each accept queue.',
        [query(q.top(lines, hostPort, queueRatio, 'max'), portOnHost)],
        unit='percentunit',
        threshold=thresholds.acceptQueue,
        links=toHost,
        noValue='no waiting connections'
      )],
    ]),
  ],

  local remote = 'process, remote_port',
  local toPort = '{{process}} → :{{remote_port}}',
  local byState = [
    line(8, [
      [12, graph(
        'Sockets by state',
        'All sockets of the process except listeners.',
        [query(q.per('state', q.select(byProcess, more='state!="listen"')), '{{state}}')],
        stacked=true,
        overrides=panels.stateOverrides
      )],
      [12, graph(
        'Connections by served port',
        'Established connections on the ports on which the process listens.',
        [query(q.per('process, local_port', q.inState('established', byPort, more=q.served)), '{{process}}:{{local_port}}')],
        noValue='no served port'
      )],
    ]),
    line(8, [
      [12, graph(
        'Outbound by remote port',
        'Connections that the process opened and that are not closed on both sides, by remote port.',
        [query(q.top(lines, remote, openOutbound), toPort)],
        noValue='no outbound connections'
      )],
      [12, graph(
        'CLOSE_WAIT by remote port',
        'Connections that the process opened, that the peer has closed and the process has not, by remote port.',
        [query(q.top(lines, remote, q.inState('close_wait', outbound)), toPort)],
        noValue='no CLOSE_WAIT sockets'
      )],
    ]),
    line(8, [
      [24, graph(
        'SYN_SENT by remote port',
        'Connections without an answer. The peer is down, or a firewall drops the packets.',
        [query(q.top(lines, remote, q.inState('syn_sent', outbound)), toPort)],
        threshold=thresholds.synSent,
        noValue='no SYN_SENT sockets'
      )],
    ]),
  ],

  grafanaDashboards+:: {
    'tcp-exporter-process.json': dashboard.build(
      'tcp-exporter-process',
      'TCP connections of a process on all its hosts: before and after a deploy, and host by host.',
      [
        dashboard.variable.job,
        dashboard.variable.process('job_process_state:tcp_connections:sum{%s}' % dashboard.jobs),
        dashboard.variable.query(
          'instance',
          'Instance',
          'label_values(%s{%s,process=~"$process",state="established"}, instance)' % [byProcess, dashboard.jobs],
          'Hosts of the processes'
        ),
        dashboard.variable.choice(
          'before',
          'Compare with',
          ['5m', '15m', '1h', '6h', '1d', '7d'],
          '1d',
          'Age of the comparison: a time before the deploy, or the same hour of another day'
        ),
      ],
      [
        section('Now', [numbers]),
        section('Before and after', [deploy, line(6, [[24, hosts]])]),
        section('By host', byHost),
        section('By state and port', byState),
      ],
      alerts=dashboard.processes
    ),
  },
}
