// SPDX-License-Identifier: Apache-2.0
// Queries of the panels, over the exporter's metrics and the recording rules, with dashboard variables.
local panels = import 'panels.libsonnet';

function(config, dashboard) {
  served: 'local_port!="ephemeral"',
  // States of a connection that uses a resource of its process
  open: 'state=~"established|close_wait|fin_wait1|fin_wait2"',

  // The thresholds of the alerts. A colour starts at its number: a count that alerts above 0 has 1 here.
  thresholds: {
    closeWait: panels.threshold(config.closeWaitWarning, config.closeWaitCritical),
    closeWaitAge: panels.threshold(config.closeWaitOldSeconds),
    acceptQueue: panels.threshold(config.acceptQueueWarning, config.acceptQueueCritical),
    ephemeralPorts: panels.threshold(config.ephemeralPortsWarning, config.ephemeralPortsCritical),
    timeWait: panels.threshold(config.timeWaitRatio),
    synSent: panels.threshold(config.synSent),
    scrapeSeconds: panels.threshold(config.scrapeSeconds),
    failedRatio: panels.threshold(config.scrapesFailedRatio),
    any: panels.threshold(1),
    down: panels.threshold(null, 1),
  },

  select(metric, labels=dashboard.processes, more='')::
    local all = std.join(',', std.filter(function(m) m != '', [config.selector, labels, more]));
    '%s{%s}' % [metric, all],
  // A recorded series has the rules' selection already.
  inState(state, metric='instance_process_state:tcp_connections:sum', labels=dashboard.processes, more='')::
    self.select(metric, labels, 'state="%s"' % state + (if more == '' then '' else ',' + more)),

  per(labels, vector, how='sum'):: '%s by (%s) (%s)' % [how, labels, vector],

  // Returns a query for the series that were highest in the time shown, the same ones at each moment, without those that
  // were 0.
  //
  // It drops the other series before the sum, which costs a seventh of the time with thousands of series.
  top(count, labels, selector, how='sum')::
    local highest = self.per(labels, 'max_over_time(%s[$__range] @ end())' % selector, how);
    self.per(labels, '%s and on (%s) topk(%d, %s > 0)' % [selector, labels, count, highest], how),

  // Returns a query for the number of matching series, 0 included.
  numberOf(matching):: 'count(%s) or vector(0)' % matching,

  // Returns the vector, completed with 0 for groups that have sockets and are not in it.
  orNone(labels, vector, metric)::
    '%s or 0 * %s' % [vector, self.per(labels, self.inState('established', metric))],

  // Returns a query for the ratio of the fullest accept queue, from the exporter's own metrics.
  fill(labels):: self.per(labels, '%s / (%s > 0)' % [
    self.select('tcp_accept_queue_length'),
    self.select('tcp_accept_queue_limit'),
  ], 'max'),
}
