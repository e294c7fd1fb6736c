// SPDX-License-Identifier: Apache-2.0
// Recording rules: sums that dashboards and alerts read instead of every series of every host. README.md lists them.
//
// The rules remove labels with `without` and never list labels with `by`, so target labels (job, instance, env, cluster)
// pass through every rule.
{
  local lib = $._lib,
  local sum(vector, labels=lib.socketLabels) = 'sum without (%s) (%s)' % [labels, vector],
  local max(vector) = 'max without (%s) (%s)' % [lib.socketLabels, vector],
  local rule(record, expr) = { record: record, expr: expr },

  // Returns the rules for the least and the greatest number within a period, of a host and of the whole job, and for the
  // rise of numbers that only grow: even the least number of a period (floor) exceeds the greatest number (ceiling) of
  // the period before the previous period. Few series rise, so alerts that compare rises are cheap. A process that has
  // ended has no floor and does not rise.
  local extremes(name, job, selector, period, twice) =
    local ofHost(how) = '%s_over_time(%s[%s])' % [how, selector, period];
    local ofJob(how) = sum(name + ':' + how + period, lib.hostLabels + ', ' + lib.serviceLabels);
    [
      rule(name + ':min' + period, '%s and %s' % [ofHost('min'), lib.last(selector)]),
      rule(name + ':max' + period, ofHost('max')),
      rule(name + ':rise' + period, '%s:min%s - %s:max%s offset %s > 0' % [name, period, name, period, twice]),
      rule(job + ':min' + period, ofJob('min')),
      rule(job + ':max' + period, ofJob('max')),
    ],
  local outbound(period, twice) = extremes(
    'instance_process_remote_port:tcp_outbound_connections_open',
    'job_process_remote_port:tcp_outbound_connections_open',
    'instance_process_remote_port:tcp_outbound_connections_open:sum',
    period,
    twice
  ),

  prometheusRules+:: {
    groups+: [
      {
        name: 'tcp_exporter_recording',
        rules: [
          // Sockets of a process on a host, and of a process on all hosts of a job
          rule('instance_process_state:tcp_connections:sum',
               sum(lib.select('tcp_connections'), 'local_port, ' + lib.socketLabels)),
          rule('job_process_state:tcp_connections:sum',
               sum('instance_process_state:tcp_connections:sum', lib.hostLabels + ', ' + lib.serviceLabels)),

          // Sockets by local port, in the states that alerts and dashboards read, and outbound connections by remote port
          rule('instance_process_local_port_state:tcp_connections:sum',
               sum(lib.select('tcp_connections', 'state=~"established|close_wait|listen"'))),
          rule('instance_process_remote_port_state:tcp_outbound_connections:sum',
               sum(lib.select('tcp_outbound_connections'))),
          rule('instance_process_remote_port:tcp_outbound_connections_open:sum',
               'sum without (state) (instance_process_remote_port_state:tcp_outbound_connections:sum'
               + '{state=~"established|close_wait",process!="(other)"})'),

          // Age of the oldest CLOSE_WAIT socket, absent on systems that do not report it
          rule('instance_process_local_port:tcp_close_wait_oldest_seconds:max',
               max(lib.select('tcp_close_wait_oldest_seconds'))),

          // Accept queues: waiting connections, and the ratio of the fullest queue. A listener without a queue has no
          // ratio.
          rule('instance_process_local_port:tcp_accept_queue_length:sum', sum(lib.select('tcp_accept_queue_length'))),
          rule('instance_process_local_port:tcp_accept_queue:ratio',
               max('%s / (%s > 0)' % [lib.select('tcp_accept_queue_length'), lib.select('tcp_accept_queue_limit')])),

          // Connection attempts that the kernel has dropped at the listeners
          rule('instance_process_local_port:tcp_accept_queue_drops:increase5m',
               sum('increase(%s[5m])' % lib.select('tcp_accept_queue_drops_total'))),

          // Used part of the ephemeral range
          rule('instance:tcp_ephemeral_ports:ratio',
               '%s / (%s > 0)' % [lib.select('tcp_ephemeral_ports_used'), lib.select('tcp_ephemeral_ports_limit')]),

          // Number of exporters of a job that answer. It distinguishes their `up` from that of other programs.
          rule('job:tcp_exporters:count',
               'count without (%s, state) (%s)' % [lib.hostLabels, lib.select('tcp_sockets', 'state="established"')]),
        ],
      },
      {
        // Extremes, which alerts compare over time. They change slowly, so they need no evaluation every minute.
        name: 'tcp_exporter_extremes',
        interval: '2m',
        rules:
          extremes(
            'instance_process_local_port_state:tcp_connections',
            'job_process_local_port_state:tcp_connections',
            'instance_process_local_port_state:tcp_connections:sum{state="close_wait",process!="(other)"}',
            '2h',
            '4h'
          )
          + outbound('15m', '30m')
          + outbound('2h', '4h')
          + [
            // Established connections on served ports of processes
            rule('instance_process_local_port:tcp_connections_established:min1h',
                 'min_over_time(instance_process_local_port_state:tcp_connections:sum{state="established",'
                 + 'process!~"[(](none|unknown|other)[)]",local_port!~"|ephemeral|other"}[1h])'),
          ],
      },
    ],
  },
}
