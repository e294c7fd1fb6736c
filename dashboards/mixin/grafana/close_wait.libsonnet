// SPDX-License-Identifier: Apache-2.0
// The section CLOSE_WAIT of the host's dashboard: leaking processes and ports, their growth, and the age of their sockets.
local panels = import 'panels.libsonnet';
local lines = 15;  // of a graph

function(config, dashboard, q)
  local graph = panels.graph;
  local query = panels.query;
  local column = panels.column;
  local line = dashboard.line;
  local thresholds = q.thresholds;
  local processPort = 'process, local_port';
  local atPort = '{{process}}:{{local_port}}';
  local toProcess = [dashboard.link('tcp-exporter-process', { process: '__field.labels.process' })];
  local processColumn = column('Process', label='process', links=[
    dashboard.link('tcp-exporter-process', { process: '__data.fields.Process' }),
  ]);
  local sockets = q.inState('close_wait', 'tcp_connections');

  // Returns a table of sockets in CLOSE_WAIT, their growth, and the time until they are as many as a process usually has
  // file descriptors.
  local leaks(title, description, labels, columns, selector) =
    local number = q.per(labels, selector);
    local growth = '3600 * %s' % q.per(labels, 'deriv(%s[1h])' % selector);
    panels.table(
      title,
      description + ' A socket costs a file descriptor.',
      columns + [
        column('CLOSE_WAIT', expr='%s > 0' % number, threshold=thresholds.closeWait),
        column('Per hour', expr='%s and %s > 0' % [growth, number], decimals=1),
        column('Until %d' % config.descriptors,
               expr='clamp_min(%d - %s, 0) / (%s > 0) and %s > 0' % [config.descriptors, number, growth, number],
               unit='h',
               decimals=1),
      ],
      sort='CLOSE_WAIT',
      noValue='no CLOSE_WAIT sockets'
    );

  [
    line(8, [
      [8, leaks(
        'CLOSE_WAIT by process',
        'Sockets that the peer has closed and the process has not, and the hours until they reach the usual limit.',
        'process',
        [processColumn],
        sockets
      )],
      [8, leaks(
        'CLOSE_WAIT by local port',
        'The same sockets by local port. The process opened the connections on port "ephemeral" itself.',
        processPort,
        [processColumn, column('Port', label='local_port')],
        sockets
      )],
      [8, leaks(
        'CLOSE_WAIT by remote port',
        'The connections that the process opened itself, by the port of the peer that has closed them.',
        'process, remote_port',
        [processColumn, column('Remote port', label='remote_port')],
        q.inState('close_wait', 'tcp_outbound_connections')
      )],
    ]),
    line(8, [
      [12, graph(
        'CLOSE_WAIT over time',
        'Sockets in CLOSE_WAIT by process and local port. A line that only rises is a leak.',
        [query(q.top(lines, processPort, sockets), atPort)],
        threshold=thresholds.closeWait,
        links=toProcess,
        noValue='no CLOSE_WAIT sockets'
      )],
      [12, graph(
        'Oldest CLOSE_WAIT over time',
        'Age of the oldest socket in CLOSE_WAIT. A line that rises with time is a socket that the process never closes.',
        [query(q.top(lines, processPort, q.select('tcp_close_wait_oldest_seconds'), 'max'), atPort)],
        unit='s',
        threshold=thresholds.closeWaitAge,
        links=toProcess,
        noValue='no CLOSE_WAIT sockets'
      )],
    ]),
  ]
