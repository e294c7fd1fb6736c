#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the settings of the mixin reach its rules, alerts, dashboards and inhibit rules.

check_mixin.py PROMTOOL
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import Any, Iterable

from promql import Selector, names_in

MIXIN = pathlib.Path(__file__).resolve().parents[2] / "dashboards" / "mixin.libsonnet"
EXPORTED = re.compile(r"tcp_\w+|up")
PARTS = "{rules: m.prometheusRules, alerts: m.prometheusAlerts, kubernetes: m.kubernetesRules, dashboards: " \
        "m.grafanaDashboards, alertmanager: m.alertmanagerConfig}"  # fmt: skip


def render(**settings: Any) -> dict[str, Any]:
    program = f"local m = (import '{MIXIN}') + {{ _config+:: {json.dumps(settings)} }}; {PARTS}"
    made = subprocess.run(["jsonnet", "-e", program], capture_output=True, text=True, check=True, timeout=300)
    return json.loads(made.stdout)


def rules_of(mixin: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for part in ("rules", "kubernetes", "alerts") for group in mixin[part]["groups"] for rule in group["rules"]]


def queries_of(mixin: dict[str, Any]) -> Iterable[str]:
    yield from (rule["expr"] for rule in rules_of(mixin))
    yield from (match.encode().decode("unicode_escape")
                for match in re.findall(r'"expr": "((?:\\.|[^"\\])*)"', json.dumps(mixin["dashboards"])))  # fmt: skip


def selectors_of(mixin: dict[str, Any]) -> Iterable[Selector]:
    return (selector for query in queries_of(mixin) for selector in names_in(query).selectors)


def selector_faults() -> Iterable[str]:
    for selector in selectors_of(render(selector='job="edge"')):
        if EXPORTED.fullmatch(selector.metric) and ("job", "=", "edge") not in selector.matchers:
            yield f"selector: not in {selector}"


def cluster_faults() -> Iterable[str]:
    text = json.dumps(render(clusterLabel="region"))
    for wanted in ('region=~\\"$cluster\\"', "on (region, job)", "var-cluster={{ $labels.region", "{{region}}",
                   "${__field.labels.region:percentencode}", '"region"', "label_values(tcp_sockets, region)"):  # fmt: skip
        if wanted not in text and json.dumps(wanted)[1:-1] not in text:
            yield f"clusterLabel: no {wanted}"
    if re.search(r"\(cluster\b|cluster=~|labels\.cluster", text):
        yield "clusterLabel: the default is still there"
    if "cluster" in json.dumps(render(clusterLabel="")).replace("Clusters", ""):
        yield "clusterLabel: a label that must not be there"
    hidden = render(showMultiCluster=False)["dashboards"]["tcp-exporter-host.json"]["templating"]["list"][1]
    if (hidden["name"], hidden["hide"]) != ("cluster", 2):
        yield "showMultiCluster: the variable is not hidden"


def other_faults() -> Iterable[str]:
    mixin = render(closeWaitWarning=77777, runbookURLPattern="https://runbooks.test/%s.html", job="edge",
                   grafanaURL="https://grafana.test", exporterURL="https://exporter.test", hostLabels=["instance", "rack"])  # fmt: skip
    dashboards, alerts = json.dumps(mixin["dashboards"]), json.dumps(mixin["alerts"])
    for what, wanted, text in (
        ("closeWaitWarning", "> 77777", alerts), ("closeWaitWarning", '"value": 77777', dashboards),
        ("closeWaitWarning", "> 77777", dashboards), ("job", '"value": ["edge"]', dashboards),
        ("runbookURLPattern", "https://runbooks.test/tcpclosewaithigh.html", alerts),
        ("runbookURLPattern", "https://runbooks.test/${__data.fields.Runbook}.html", dashboards),
        ("grafanaURL", "https://grafana.test/d/tcp-exporter-process", alerts),
        ("exporterURL", "https://exporter.test", dashboards), ("hostLabels", "instance, rack", json.dumps(mixin["rules"])),
    ):  # fmt: skip
        if wanted not in text:
            yield f"{what}: no {wanted}"


def syntax_faults(promtool: str, **settings: Any) -> Iterable[str]:
    mixin = render(**settings)
    for part in "rules", "kubernetes", "alerts":
        with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
            json.dump(mixin[part], file)
            file.flush()
            check = subprocess.run([promtool, "check", "rules", file.name], capture_output=True, text=True, timeout=60)
        if check.returncode:
            yield f"{settings}: {part}: {check.stdout}{check.stderr}"


def main() -> int:
    promtool = sys.argv[1]
    found = [*selector_faults(), *cluster_faults(), *other_faults(),
             *syntax_faults(promtool, selector='job="edge"', clusterLabel="region"),
             *syntax_faults(promtool, clusterLabel="")]  # fmt: skip
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
