#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the names in rules and documents exist.

check_names.py CATALOG-JSON PROMTOOL
Rules: every metric, label and closed value; the parts of a recorded name; labels in annotations; a runbook section
for each alert and no other, with its severities and `for` in the table; a unit test for each rule.
Documents: every query in a ```promql block, and every word that looks like one of our metrics.

Then proves, on rules made for it, that each of these checks can fail.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import Any, Iterable

import yaml
from catalog import TARGET_LABELS, Catalog

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "dashboards" / "prometheus"
RUNBOOK = "dashboards/README.md"
RUNBOOK_URL = "https://git.example.org/tcp_exporter/blob/main/" + RUNBOOK  # as in the mixin
FOREIGN = "migration.md"  # queries of other programs' metrics: test_docs.py asks them of a real Prometheus
DOCUMENTS = (RUNBOOK, "README.md",
             *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md") if page.name != FOREIGN))  # fmt: skip
SEVERITIES = ("info", "warning", "critical")
ANNOTATIONS = {"summary", "description", "runbook_url", "dashboard_url"}
SUMMARY_MAX = 40  # the subject of a notification, whole on a telephone

TEMPLATE_LABEL = re.compile(r"\$labels\.(\w+)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A recorded name, or what begins as the exporter's metrics do; "tcp_exporter_*" is none, nor is a sysctl or the start of a pattern.
WORD = re.compile(r"(?<![\w./:-])((?:\w+:){2}\w+|(?:tcp|process)_[a-z0-9_]*[a-z0-9])\b(?!_?\.?\*)")
NOT_METRICS = {"tcp_exporter", "tcp_diag"}  # the program, and a module of the kernel


def alerts_of(rules: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]


def level_faults(name: str, labels: set[str]) -> Iterable[str]:
    """Yields recorded names whose level (level:metric:operation) has a label that the series lack."""
    level, rest = name.split(":")[0], []
    known = sorted(labels | TARGET_LABELS, key=len, reverse=True)
    while level:
        label = next((label for label in known if (level + "_").startswith(label + "_")), None)
        if label is None:
            yield f"{name}: no label for {level!r}"
            return
        rest.append(label)
        level = level[len(label) + 1 :]


def rule_faults(catalog: Catalog, rules: dict[str, Any]) -> Iterable[str]:
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield from catalog.faults(rule["expr"])
            if "record" in rule:
                yield from level_faults(rule["record"], catalog.labels[rule["record"]])
    for alert in alerts_of(rules):
        yield from (f"{alert['alert']}: {fault}" for fault in alert_faults(catalog, alert))


def alert_faults(catalog: Catalog, alert: dict[str, Any]) -> Iterable[str]:
    if alert.get("labels", {}).get("severity") not in SEVERITIES:
        yield f"no severity of {SEVERITIES}"
    if "for" not in alert:
        yield "fires at once, without `for`"
    annotations = alert.get("annotations", {})
    yield from (f"the annotations have no {name}" for name in sorted(ANNOTATIONS - set(annotations)))
    labels = catalog.labels_of(alert["expr"]) | TARGET_LABELS
    texts = "".join(annotations.values())
    yield from (f"its series have no label {name}" for name in set(TEMPLATE_LABEL.findall(texts)) - labels)
    summary, description = annotations.get("summary", ""), annotations.get("description", "")
    if "{{" in summary or not 0 < len(summary) <= SUMMARY_MAX:
        yield f"the summary is not a fixed text of at most {SUMMARY_MAX} characters"
    must = {"instance"} | labels & {"process", "local_port", "remote_port"}
    missing = must - set(TEMPLATE_LABEL.findall(description))
    yield from (f"the description lacks the {name}" for name in sorted(missing))
    if "$value" not in description:
        yield "the description lacks the number"
    if annotations.get("runbook_url") != f"{RUNBOOK_URL}#{alert['alert'].lower()}":
        yield "runbook_url is not its section"


def runbook_faults(alerts: list[dict[str, Any]], runbook: str) -> Iterable[str]:
    """Yields alerts without a section, and rules without a row `| [Alert](#alert) | severity | for |`."""
    sections = set(re.findall(r"^### (Tcp\w+)$", runbook, re.MULTILINE))
    names = {alert["alert"] for alert in alerts}
    yield from (f"{RUNBOOK}: no section ### {name}" for name in sorted(names - sections))
    yield from (f"{RUNBOOK}: a section of no alert: {name}" for name in sorted(sections - names))
    told = set(re.findall(r"^\| \[(Tcp\w+)\]\(#(\w+)\) \| (\w+) \| (\w+) \|", runbook, re.MULTILINE))
    rows = {(a["alert"], a["alert"].lower(), a["labels"]["severity"], a["for"]) for a in alerts}
    yield from (f"{RUNBOOK}: no row for {' '.join(row)}" for row in sorted(rows - told))
    yield from (f"{RUNBOOK}: a row of no rule: {' '.join(row)}" for row in sorted(told - rows))


def test_faults(alerts: list[dict[str, Any]], tests: list[dict[str, Any]]) -> Iterable[str]:
    """Yields rules that no test expects to fire with their texts."""
    fired = {
        (case["alertname"], expected["exp_labels"]["severity"])
        for file in tests for test in file["tests"] for case in test.get("alert_rule_test", ())
        for expected in case.get("exp_alerts", ())
    }  # fmt: skip
    wanted = {(alert["alert"], alert["labels"]["severity"]) for alert in alerts}
    yield from (f"no unit test expects {' '.join(missing)}" for missing in sorted(wanted - fired))


def queries_in(text: str) -> list[str]:
    """Returns the queries of the ```promql blocks, which empty lines separate."""
    blocks = (block for language, block in FENCE.findall(text) if language == "promql")
    return [query for block in blocks for query in block.split("\n\n")]


def document_faults(catalog: Catalog, name: str, text: str) -> Iterable[str]:
    yield from (f"{name}: {fault}" for query in queries_in(text) for fault in catalog.faults(query))
    for word in sorted(set(WORD.findall(text)) - NOT_METRICS):
        if word not in catalog.labels:
            yield f"{name}: there is no metric {word}"


def syntax_faults(promtool: str, name: str, text: str) -> Iterable[str]:
    """Yields promtool's faults in the queries of a document."""
    queries = queries_in(text)
    rules = [{"record": f"query{number}", "expr": query} for number, query in enumerate(queries)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}, file)
        file.flush()
        check = subprocess.run([promtool, "check", "rules", file.name], capture_output=True, text=True, timeout=60)
    if check.returncode:
        yield f"{name}: promtool: {check.stdout}{check.stderr}"


def load(path: pathlib.Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        return yaml.safe_load(file)


def examine(program: str, promtool: str) -> Iterable[str]:
    catalog = Catalog.load(program)
    recording, alerting = load(RULES / "recording.yml"), load(RULES / "alerts.yml")
    kubernetes = load(RULES / "kubernetes.yml")
    catalog.add_rules(recording)
    catalog.add_rules(kubernetes)
    for rules in recording, kubernetes, alerting:
        yield from rule_faults(catalog, rules)
    alerts = alerts_of(alerting)
    yield from runbook_faults(alerts, (ROOT / RUNBOOK).read_text(encoding="utf-8"))
    yield from test_faults(alerts, [load(path) for path in sorted((RULES / "tests").glob("*.yml"))])
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        yield from document_faults(catalog, name, text)
        yield from syntax_faults(promtool, name, text)
    yield from self_test(promtool)


# Tests of the checks: a catalog, rules and documents of a few lines, with and without faults.

SMALL = Catalog({"tcp_a": ["state", "process"], "tcp_b": []}, ["pid"], {"state": ["open", "shut"]})
SMALL.add_rules({"groups": [{"rules": [{"record": "process:tcp_a:sum", "expr": "sum without (state, pid) (tcp_a)"}]}]})
GOOD_QUERIES = (
    'sum by (process) (rate(tcp_a{state=~"open|shut",pid!="1"}[5m])) / on (job) group_left () up > 0',
    'label_values(tcp_a{instance=~"$instance"}, process)',
    'sum by (made) (label_replace(label_replace(tcp_b, "other", "$1", "job", "(.+)"), "made", "$1", "other", "(.+)"))',
    "process:tcp_a:sum offset 1d and ignoring (state) tcp_a{state=~\"$state\"}[$__range]",
)
BAD_QUERIES = (
    ("tcp_c > 0", "no metric tcp_c"), ('{__name__="tcp_c"}', "no metric tcp_c"),
    ('tcp_b{state="open"}', "no label state"), ('tcp_a{state="opne"}', "never opne"),
    ('tcp_a{state=~"open|opne"}', "never opne"), ("sum by (proces) (tcp_a)", "names proces"),
    ('sum by (b) (label_replace(tcp_b, "a", "b", "c", "d"))', "names b"), ("label_values(tcp_b, process)", "names process"), ("process:tcp_a:max", "no metric process:tcp_a:max"),
    ('process:tcp_a:sum{state="open"}', "no label state"), ("tcp_a{state}", "not of the form"), ("tcp_a ~ 1", "'~'"),
)  # fmt: skip
GOOD_ALERT = {
    "alert": "TcpA", "expr": "tcp_a > 1", "for": "1m", "labels": {"severity": "info"},
    "annotations": {"summary": "Much of A",
                    "description": "{{ $labels.process }} on {{ $labels.instance }} has {{ $value }}.",
                    "dashboard_url": "", "runbook_url": f"{RUNBOOK_URL}#tcpa"},
}  # fmt: skip
BAD_ALERTS = (
    ({"expr": "tcp_c > 1"}, "no metric tcp_c"), ({"labels": {"severity": "page"}}, "no severity"),
    ({"annotations": {}}, "no summary"), ({"annotations": {"summary": "{{ $labels.port }}"}}, "no label port"),
    ({"annotations": {"summary": "{{ $value }}"}}, "not a fixed text"),
    ({"annotations": {"summary": "m" * (SUMMARY_MAX + 1)}}, "not a fixed text"),
    ({"annotations": {"description": "{{ $value }}"}}, "lacks the process"),
    ({"annotations": {"description": ""}}, "lacks the number"), ({"annotations": {}}, "not its section"),
)  # fmt: skip
ROW, SECTION = "| [TcpA](#tcpa) | info | 1m | |\n", "### TcpA\n"


def expect(what: str, word: str, faults: Iterable[str]) -> Iterable[str]:
    """Yields a text unless the word is among the faults, or there is no word and no fault."""
    found = list(faults)
    if word and not any(word in fault for fault in found):
        yield f"self-test: {what}: not noticed: {word}"
    if not word and found:
        yield f"self-test: {what}: taken for a fault: {found}"


def rules_of(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"groups": [{"rules": list(rules)}]}


def self_test(promtool: str) -> Iterable[str]:
    for query in GOOD_QUERIES:
        yield from expect(query, "", SMALL.faults(query))
    for query, word in BAD_QUERIES:
        yield from expect(query, word, SMALL.faults(query))
    yield from expect("alert", "", rule_faults(SMALL, rules_of(GOOD_ALERT)))
    for change, word in BAD_ALERTS:
        yield from expect("alert", word, rule_faults(SMALL, rules_of({**GOOD_ALERT, **change})))
    hasty = {key: value for key, value in GOOD_ALERT.items() if key != "for"}
    yield from expect("alert", "without `for`", rule_faults(SMALL, rules_of(hasty)))
    yield from expect("level", "no label for", level_faults("state:tcp_a:sum", SMALL.labels["process:tcp_a:sum"]))
    yield from expect("runbook", "", runbook_faults([GOOD_ALERT], ROW + SECTION))
    for text, word in ((ROW, "no section"), (SECTION, "no row"), (ROW + SECTION + "### TcpB\n", "of no alert: TcpB"),
                       (ROW + ROW.replace("1m", "2m") + SECTION, "of no rule")):  # fmt: skip
        yield from expect("runbook", word, runbook_faults([GOOD_ALERT], text))
    yield from expect("tests", "no unit test", test_faults([GOOD_ALERT], []))
    for text, word in (("tcp_a `process:tcp_a:sum` tcp_exporter_* net.ipv4.tcp_c", ""), ("`tcp_c`", "tcp_c"),
                       ("x:tcp_c:sum", "x:tcp_c:sum"), ("```promql\nup{state=\"\"}\n```\n", "no label")):  # fmt: skip
        yield from expect("document", word, document_faults(SMALL, "page", text))
    yield from expect("syntax", "", syntax_faults(promtool, "page", "```promql\ntcp_a > 1\n\nup\n```\n"))
    yield from expect("syntax", "promtool", syntax_faults(promtool, "page", "```promql\nsum by (tcp_a\n```\n"))


def main() -> int:
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} CATALOG-JSON PROMTOOL")
    found = list(examine(*sys.argv[1:]))
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
