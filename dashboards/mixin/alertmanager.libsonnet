// SPDX-License-Identifier: Apache-2.0
// Alertmanager: groups and inhibit rules that leave one notification for one fault.
{
  local config = $._config,
  local lib = $._lib,
  local target = lib.clusterLabels + ['job', 'instance'],
  // Alerts without these labels are equal in them.
  local service = target + ['process'] + config.serviceLabels,
  local port = service + ['local_port'],
  local rule(sources, targets, equal) = { source_matchers: sources, target_matchers: targets, equal: equal },

  alertmanagerConfig+:: {
    route: {
      receiver: 'queue',
      group_by: lib.clusterLabels + ['job', 'process'],
      routes: [
        { matchers: ['severity="critical"'], receiver: 'page' },
        { matchers: ['severity="info"'], receiver: 'list' },
      ],
    },
    receivers: [{ name: 'page' }, { name: 'queue' }, { name: 'list' }],
    inhibit_rules: [
      // The higher severity of an alert
      rule(['severity="critical"'], ['severity=~"warning|info"'], ['alertname'] + port),
      rule(['alertname="TcpCloseWaitOld"', 'severity="warning"'],
           ['alertname="TcpCloseWaitOld"', 'severity="info"'],
           port),

      // A leak of CLOSE_WAIT sockets: their number, then their growth, then their share, then their age
      rule(['alertname="TcpCloseWaitHigh"'],
           ['alertname=~"TcpCloseWaitLeak|TcpCloseWaitOutgrowsEstablished|TcpCloseWaitOld"'],
           port),
      rule(['alertname="TcpCloseWaitLeak"'],
           ['alertname=~"TcpCloseWaitOutgrowsEstablished|TcpCloseWaitOld"'],
           port),
      rule(['alertname="TcpCloseWaitOutgrowsEstablished"'], ['alertname="TcpCloseWaitOld"'], port),
      // The same leak, seen as outbound connections
      rule(['alertname=~"TcpCloseWaitHigh|TcpCloseWaitLeak"', 'local_port="ephemeral"'],
           ['alertname="TcpOutboundLeak"'],
           service),

      // A process that accepts nothing: its clients fill the queue, and leave CLOSE_WAIT sockets in the queue
      rule(['alertname="TcpAcceptQueueFull"'],
           ['alertname=~"TcpAcceptQueueNearLimit|TcpAcceptQueueStuck|TcpAcceptQueueDrops"'],
           port),
      rule(['alertname="TcpAcceptQueueStuck"'], ['alertname="TcpAcceptQueueDrops"'], port),
      rule(['alertname="TcpAcceptQueueDrops"'], ['alertname="TcpAcceptQueueNearLimit"'], port),
      rule(['alertname="TcpAcceptQueueStuck"', 'severity="critical"'], ['alertname="TcpAcceptQueueNearLimit"'], port),
      rule(['alertname=~"TcpAcceptQueueFull|TcpAcceptQueueStuck"', 'severity="critical"'],
           ['alertname=~"TcpCloseWaitHigh|TcpCloseWaitLeak|TcpCloseWaitOutgrowsEstablished|TcpCloseWaitOld"'],
           port),

      // Ephemeral ports: the host's use, then the use by port
      rule(['alertname="TcpEphemeralPortsLow"'], ['alertname="TcpTimeWaitHigh"'], target),

      // An exporter that does not answer
      rule(['alertname="TcpExporterDown"'], ['alertname="TcpExporterScrapesLost"'], target),
    ],
  },
}
