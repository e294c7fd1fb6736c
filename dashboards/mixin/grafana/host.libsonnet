// SPDX-License-Identifier: Apache-2.0
// Dashboard of one or a few hosts: the TCP connections of each process. It needs no recording rules.
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

  local lines = 15,  // of a graph
  local processPort = 'process, local_port',
  local processRemote = 'process, remote_port',
  local atPort = '{{process}}:{{local_port}}',
  local toPort = '{{process}} → :{{remote_port}}',
  local toProcess = [dashboard.link('tcp-exporter-process', { process: '__field.labels.process' })],
  local processColumn = column('Process', label='process', links=[
    dashboard.link('tcp-exporter-process', { process: '__data.fields.Process' }),
  ]),
  local connections(state) = q.inState(state, 'tcp_connections'),
  local outbound(state) = q.inState(state, 'tcp_outbound_connections'),
  local openOutbound = q.select('tcp_outbound_connections', more=q.open),
  local oldest = q.select('tcp_close_wait_oldest_seconds'),
  local ephemeral = '%s / (%s > 0)' % [
    q.select('tcp_ephemeral_ports_used', dashboard.hosts),
    q.select('tcp_ephemeral_ports_limit', dashboard.hosts),
  ],

  local numbers = line(5, [
    [4, stat(
      'Most CLOSE_WAIT',
      'The most sockets of a process on one port that the peer has closed and the process has not. The alert has the same '
      + 'number. A few for a moment are normal.',
      'max(%s)' % q.per(processPort, connections('close_wait')),
      threshold=thresholds.closeWait
    )],
    [4, stat(
      'Oldest CLOSE_WAIT',
      'Age of the oldest socket in CLOSE_WAIT.',
      'max(%s)' % oldest,
      unit='s',
      decimals=0,
      threshold=thresholds.closeWaitAge,
      noValue='not reported'
    )],
    [4, stat('Established',
             'Open connections, inbound and outbound.',
             'sum(%s)' % connections('established'),
             color='text')],
    [4, stat(
      'Fullest accept queue',
      'Used part of the fullest accept queue. At 100 % the kernel drops new connections.',
      'max(%s)' % q.fill(processPort),
      unit='percentunit',
      decimals=0,
      threshold=thresholds.acceptQueue,
      noValue='no queues'
    )],
    [4, stat(
      'Ephemeral ports',
      'Used part of the local ports for outbound connections.',
      'max(%s)' % ephemeral,
      unit='percentunit',
      decimals=1,
      threshold=thresholds.ephemeralPorts
    )],
    [4, stat(
      'TIME_WAIT',
      'Connections that this host closed first and that the kernel keeps for a minute. Each holds a port.',
      'sum(%s)' % connections('time_wait'),
      color='text'
    )],
  ]),

  local closeWait = (import 'close_wait.libsonnet')(config, dashboard, q),

  // The runbook's address has the name of the alert in lower case, which PromQL cannot make.
  local names = std.set([rule.alert for group in $.prometheusAlerts.groups for rule in group.rules]),
  local firing = std.foldl(
    function(vector, name)
      'label_replace(%s, "runbook", "%s", "alertname", "%s")' % [vector, std.asciiLower(name), name],
    names,
    'ALERTS{alertname=~"Tcp.+",alertstate="firing",%s}' % dashboard.hosts
  ),
  local alerts = line(6, [
    [24, panels.table(
      'Firing alerts',
      'Alerts on this host and its processes. A click on a runbook opens the checks and the fix.',
      [
        column('Alert', label='alertname'),
        column('Severity', label='severity'),
        processColumn,
        column('Port', label='local_port'),
        column('Remote port', label='remote_port'),
        column('Runbook', label='runbook', links=[{
          title: 'Open the runbook',
          url: config.runbookURLPattern % '${__data.fields.Runbook}',
          targetBlank: true,
        }]),
        column('Alerts', expr=q.per('alertname, severity, process, local_port, remote_port, runbook', firing)),
      ],
      sort='Severity',
      noValue='no firing alerts'
    )],
  ]),

  local ofProcess(selector, how='sum') = q.per('process', selector, how),
  local processes = panels.table(
    'Processes',
    'All values per process. CLOSE_WAIT and SYN_SENT are those of the worst port. (none) has the sockets without an owner, '
    + '(unknown) those whose owner the exporter cannot see. A click on a name opens its dashboard.',
    [
      processColumn,
      column('CLOSE_WAIT',
             expr=ofProcess(q.per(processPort, connections('close_wait')), 'max'),
             threshold=thresholds.closeWait),
      column('Oldest', expr=ofProcess(oldest, 'max'), unit='s', decimals=0, threshold=thresholds.closeWaitAge),
      column('Established', expr=ofProcess(connections('established'))),
      column('Outbound', expr=q.orNone('process', ofProcess(openOutbound), 'tcp_connections')),
      column('SYN_SENT',
             expr=q.orNone('process', ofProcess(q.per(processRemote, outbound('syn_sent')), 'max'), 'tcp_connections'),
             threshold=thresholds.synSent),
      column('Accept queue',
             expr=q.fill('process'),
             unit='percentunit',
             decimals=0,
             threshold=thresholds.acceptQueue),
      column('Unread', expr=ofProcess(q.select('tcp_receive_queue_bytes')), unit='bytes'),
      column('Unacknowledged', expr=ofProcess(q.select('tcp_send_queue_bytes')), unit='bytes'),
    ],
    sort='CLOSE_WAIT'
  ),
  local states = graph(
    'Sockets by state',
    'All sockets of the host except listeners.',
    [query(q.per('state', q.select('tcp_sockets', dashboard.hosts, 'state!="listen"')), '{{state}}')],
    stacked=true,
    overrides=panels.stateOverrides
  ),

  local listening = '%s > 0' % q.per(processPort, connections('listen')),
  local listeners = panels.table(
    'Listeners',
    'Processes that listen, their ports and connections, and the use of their accept queues.',
    [
      processColumn,
      column('Port', label='local_port'),
      column('Established', expr='%s and %s' % [q.per(processPort, connections('established')), listening]),
      column('Queue length', expr=q.per(processPort, q.select('tcp_accept_queue_length'))),
      column('Queue limit', expr=q.per(processPort, q.select('tcp_accept_queue_limit'))),
      column('Accept queue',
             expr=q.fill(processPort),
             unit='percentunit',
             decimals=0,
             threshold=thresholds.acceptQueue,
             gauge=true),
    ],
    sort='Accept queue'
  ),
  local served = [
    line(8, [
      [12, listeners],
      [12, graph(
        'Accept queues',
        'Used part of each accept queue. At 100 % the kernel drops new connections, and clients time out.',
        [query('%s > 0' % q.fill(processPort), atPort)],
        unit='percentunit',
        threshold=thresholds.acceptQueue,
        links=toProcess,
        noValue='no waiting connections'
      )],
    ]),
    line(8, [
      [12, graph(
        'Connections by served port',
        'Established connections on the ports on which processes listen.',
        [query(q.top(lines, processPort, q.inState('established', 'tcp_connections', more=q.served)), atPort)],
        links=toProcess,
        noValue='no inbound connections'
      )],
      [12, graph(
        'Accept queue lengths',
        'Connections that the kernel has established and the process has not accepted. A line that never falls is a '
        + 'process that hangs.',
        [query(q.top(lines, processPort, q.select('tcp_accept_queue_length')), atPort)],
        links=toProcess,
        noValue='no waiting connections'
      )],
    ]),
    line(8, [
      [24, graph(
        'Drops per second',
        'Connection attempts that the kernel drops at the listeners, mostly at full accept queues. Their clients try again '
        + 'after a second. Windows does not report them.',
        [query(
          '%s > 0' % q.per(processPort, 'rate(%s[$__rate_interval])' % q.select('tcp_accept_queue_drops_total')),
          atPort
        )],
        links=toProcess,
        noValue='no drops'
      )],
    ]),
  ],

  local where = lib.by('job, instance'),
  local timeWait = '%s / on (%s) group_left () (%s > 0)' % [
    q.per(where + ', remote_port', q.select('tcp_outbound_connections', dashboard.hosts, 'state="time_wait"')),
    where,
    q.per(where, q.select('tcp_ephemeral_ports_limit', dashboard.hosts)),
  ],
  local outboundPanels = [
    line(8, [
      [12, graph(
        'Outbound by remote port',
        'Connections that processes of this host opened and that are not closed on both sides, by remote port.',
        [query(q.top(lines, processRemote, openOutbound), toPort)],
        links=toProcess,
        noValue='no outbound connections'
      )],
      [12, graph(
        'SYN_SENT by remote port',
        'Connections without an answer. The peer is down, or a firewall drops the packets.',
        [query(q.top(lines, processRemote, outbound('syn_sent')), toPort)],
        threshold=thresholds.synSent,
        links=toProcess,
        noValue='no SYN_SENT sockets'
      )],
    ]),
    line(8, [
      [12, graph(
        'Ephemeral ports over time',
        'Used part of the local ports for outbound connections.',
        [query(q.per(lib.by('instance'), ephemeral, 'max'), dashboard.legend('{{instance}}'))],
        unit='percentunit',
        threshold=thresholds.ephemeralPorts
      )],
      [12, graph(
        'TIME_WAIT by remote port',
        'Outbound connections that this host closed first, as a part of the ephemeral ports. Each holds a port for a '
        + 'minute.',
        [query('%s > 0' % q.per('remote_port', timeWait, 'max'), ':{{remote_port}}')],
        unit='percentunit',
        threshold=thresholds.timeWait,
        noValue='no outbound connections'
      )],
    ]),
  ],

  local bytes(metric) = [query(q.top(lines, 'process', q.select(metric)), '{{process}}')],
  local queues = line(8, [
    [12, graph(
      'Unread bytes',
      'Bytes that have arrived and that the process has not read. The process is slower than its peers.',
      bytes('tcp_receive_queue_bytes'),
      unit='bytes',
      links=toProcess,
      noValue='no unread bytes'
    )],
    [12, graph(
      'Unacknowledged bytes',
      'Bytes that the process has written and that the peer has not acknowledged. The peer or the path is slow.',
      bytes('tcp_send_queue_bytes'),
      unit='bytes',
      links=toProcess,
      noValue='no unacknowledged bytes'
    )],
  ]),

  // Inbound connections by local port and outbound ones by remote port
  local byPort(metric) = [
    query(q.top(lines, processPort, q.select('tcp_' + metric, more=q.served)), atPort),
    query(q.top(lines, processRemote, q.select('tcp_outbound_' + metric)), toPort),
  ],
  local peers = line(8, [
    [12, graph(
      'Retransmitting connections',
      'Connections on which data was sent again and not acknowledged since. The peer is gone, or the path loses all '
      + 'packets. Windows does not report them.',
      byPort('retransmitting_connections'),
      links=toProcess,
      noValue='no retransmissions'
    )],
    [12, graph(
      'Zero-window connections',
      'Connections with data for a peer whose receive window is closed. The peer does not read. Windows does not report '
      + 'them.',
      byPort('zero_window_connections'),
      links=toProcess,
      noValue='no closed windows'
    )],
  ]),

  local total(metric, more='') = 'sum(%s)' % q.select(metric, dashboard.hosts, more),
  local exporter = line(7, [
    [12, graph(
      'Scrape duration by phase',
      'Time that the exporter spends on each phase of a scrape.',
      [query(q.per('phase', q.select('tcp_exporter_scrape_duration_seconds', dashboard.hosts), 'max'), '{{phase}}')],
      unit='s',
      stacked=true,
      threshold=thresholds.scrapeSeconds
    )],
    [12, graph(
      'Unknown and folded',
      'Sockets with an unknown owner, processes that the exporter cannot read, and series that the cap has folded into '
      + '(other). All should be 0.',
      [
        query(total('tcp_connections', 'process="(unknown)"') + ' or vector(0)', 'sockets of unknown owner'),
        query(total('tcp_exporter_unreadable_processes'), 'unreadable processes'),
        query(total('tcp_exporter_folded_series'), 'folded series'),
      ],
      threshold=thresholds.any
    )],
  ]),

  // node_exporter has another port, and so another instance, on the same host.
  local host = dashboard.variable.query(
    'host',
    'Host',
    'label_values(%s, instance)' % q.select('tcp_sockets', dashboard.hosts),
    'Names of the hosts without their ports',
    { regex: '/(.+?)(?::[0-9]+)?$/', hide: 2, allValue: '' }
  ),
  local nodeRate(metric) =
    local all = std.filter(function(m) m != '', [dashboard.clusterMatcher, 'instance=~"(${host:regex})(:[0-9]+)?"']);
    'rate(%s{%s}[$__rate_interval])' % [metric, std.join(',', all)],
  local node = line(7, [
    [12, graph(
      'Dropped by listeners',
      'Connections per second that the kernel dropped at full accept queues, from node_exporter.',
      [query(q.per(lib.by('instance'), nodeRate('node_netstat_TcpExt_ListenDrops'), 'max'), dashboard.legend('{{instance}}'))],
      noValue='no node_exporter'
    )],
    [12, graph(
      'Retransmitted segments',
      'Segments per second that the host sent again, from node_exporter. The path loses packets, or the peer is gone.',
      [query(q.per(lib.by('instance'), nodeRate('node_netstat_Tcp_RetransSegs'), 'max'), dashboard.legend('{{instance}}'))],
      noValue='no node_exporter'
    )],
  ]),

  grafanaDashboards+:: {
    'tcp-exporter-host.json': dashboard.build(
      'tcp-exporter-host',
      'TCP connections of a host by state, process and port, accept queues, and outbound connections.',
      [
        dashboard.variable.job,
        dashboard.variable.instance,
        dashboard.variable.process(q.select('tcp_connections', dashboard.hosts)),
        host,
      ],
      [
        section('Now', [numbers]),
        section('CLOSE_WAIT', closeWait),
        section('Alerts', [alerts]),
        section('States and processes', [line(9, [[8, states], [16, processes]])]),
        section('Served ports', served),
        section('Outbound', outboundPanels),
        section('Queue bytes', [queues]),
        section('Peers that do not answer or read', [peers]),
        section('Exporter', [exporter]),
        section('Kernel (node_exporter)', [node], collapsed=true),
      ],
      alerts=dashboard.hosts,
      links=[{ title: "Exporter's page", url: config.exporterURL }]
    ),
  },
}
