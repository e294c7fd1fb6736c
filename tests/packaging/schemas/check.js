// SPDX-License-Identifier: Apache-2.0
// check.js SOURCES VERSION: checks the Kubernetes manifests, the Dockerfile and the workflow of GitHub; then, on spoilt ones, that each check
// can fail.
"use strict";
const fs = require("fs");
const path = require("path");
const {validate: lint} = require("dockerfile-utils");
const YAML = require("yaml");
const {build, schemaFaults, relationFaults, policyFaults, grafanaFaults} = require("./manifests.js");

const [sources, version] = process.argv.slice(2);
const kubernetes = path.join(sources, "exporter/packaging/kubernetes");
const dockerfile = fs.readFileSync(path.join(sources, "exporter/packaging/container/Dockerfile"), "utf8");
const workflow = fs.readFileSync(path.join(sources, ".github/workflows/ci.yml"), "utf8");
const unit = fs.readFileSync(path.join(sources, "exporter/packaging/systemd/tcp_exporter.service"), "utf8");

function daemons(objects) {
	return objects.find((object) => object.kind === "DaemonSet");
}

function container(objects) {
	return daemons(objects).spec.template.spec.containers[0];
}

// The same capabilities as the unit's, no other right, and this version.
function rightsFaults(objects, besides) {
	const {securityContext: rights, image} = container(objects);
	const wanted = unit.match(/^AmbientCapabilities=(.*)$/m)[1].split(" ").map((name) => name.replace("CAP_", ""));
	const faults = [];
	if (JSON.stringify(rights.capabilities) !== JSON.stringify({drop: ["ALL"], add: [...wanted, ...besides]}))
		faults.push(`capabilities are ${JSON.stringify(rights.capabilities)}, not the unit's ${wanted}`);
	if (rights.allowPrivilegeEscalation !== false || rights.readOnlyRootFilesystem !== true || rights.privileged)
		faults.push("the container has rights that it does not need");
	if (image.split(":")[1] !== version)
		faults.push(`the image is ${image}, not of ${version}`);
	return faults;
}

function manifestFaults(objects, besides) {
	const faults = objects.flatMap(schemaFaults);
	return faults.length > 0 ? faults : [...relationFaults(objects), ...rightsFaults(objects, besides)];
}

function dockerfileFaults(text) {
	const faults = lint(text).map((fault) => `Dockerfile:${fault.range.start.line + 1}: ${fault.message}`);
	const last = text.slice(text.lastIndexOf("\nFROM "));
	if (!last.startsWith("\nFROM scratch\n") || /^(RUN|ADD)/m.test(last))
		faults.push("Dockerfile: the image is more than what is copied into it");
	return faults;
}

// It calls tests/run and decides nothing itself; what it uses of others cannot change behind our back.
function workflowFaults(text) {
	const steps = Object.values(YAML.parse(text).jobs).flatMap((job) => job.steps);
	const faults = steps.filter((step) => step.uses && !/@[0-9a-f]{40}$/.test(step.uses))
		.map((step) => `ci.yml: ${step.uses} is not pinned`);
	if (steps.filter((step) => step.run === "tests/run").length !== 1 || steps.some((step) => step.if))
		faults.push("ci.yml does not just call tests/run");
	return faults;
}

// The check must find the fault that each of these functions adds to the operator's objects.
const spoilers = [
	(objects) => (daemons(objects).spec.template.spec.hostPIDs = true),
	(objects) => (container(objects).ports[0].containerPort = "10793"),
	(objects) => delete daemons(objects).spec.selector,
	(objects) => (daemons(objects).spec.template.metadata.labels = {app: "another"}),
	(objects) => (container(objects).readinessProbe.httpGet.port = "web"),
	(objects) => container(objects).securityContext.capabilities.add.push("SYS_ADMIN"),
	(objects) => (container(objects).securityContext.readOnlyRootFilesystem = false),
	(objects) => (container(objects).image = "tcp-exporter:9.9.9"),
	(objects) => (objects.find(({kind}) => kind === "ServiceMonitor").spec.endpoints[0].port = "http"),
	(objects) => (objects.find(({kind}) => kind === "ServiceMonitor").spec.endpoints[0].intervall = "15s"),
	(objects) => (objects.find(({kind}) => kind === "ServiceMonitor").spec.endpoints[0].relabelings[1].regex = "pod"),
	(objects) => delete objects.find(({kind}) => kind === "ServiceMonitor").spec.endpoints[0].relabelings,
	(objects) => delete objects.find(({kind}) => kind === "PrometheusRule").spec.groups[0].rules[0].expr,
	(objects) => (objects.find(({kind}) => kind === "PrometheusRule").spec.groups[0].rules[0].annotation = {}),
];
const policySpoilers = [
	([policy]) => (policy.spec.podSelector.matchLabels = {app: "another"}),
	([policy]) => (policy.spec.ingress[0].ports[0].port = 9100),
	([policy]) => (policy.metadata.namespace = "another"),
	([policy]) => (policy.spec.ingres = policy.spec.ingress),
];
const grafanaSpoilers = [
	([map]) => (map.metadata.labels = {}),
	([map, other]) => (map.data = other.data),
	([map]) => (map.dat = {a: ""}),
];
const spoiltFiles = [
	dockerfile.replace("ENTRYPOINT [", "ENTRYPOINTS ["),
	dockerfile.replace("FROM scratch", "FROM debian:12-slim"),
	dockerfile.replace("/image/ /", "/image/"),
];

const operator = path.join(kubernetes, "prometheus-operator");
const base = daemons(build(path.join(kubernetes, "base")));
const faultsOfPolicy = (objects) => policyFaults(objects, base);
const faults = [
	...faultsOfPolicy(build(path.join(kubernetes, "network-policy"))),
	...grafanaFaults(build(path.join(kubernetes, "grafana"))),
	...manifestFaults(build(path.join(kubernetes, "base")), []),
	...manifestFaults(build(path.join(kubernetes, "every-pod")), ["SYS_ADMIN"]),
	...manifestFaults(build(operator), []),
	...dockerfileFaults(dockerfile),
	...workflowFaults(workflow),
];
for (const [name, spoils, faultsOf] of [
	["prometheus-operator", spoilers, (objects) => manifestFaults(objects, [])],
	["network-policy", policySpoilers, faultsOfPolicy],
	["grafana", grafanaSpoilers, grafanaFaults],
])
	for (const spoil of spoils) {
		const objects = build(path.join(kubernetes, name));
		spoil(objects);
		if (faultsOf(objects).length === 0)
			faults.push(`not noticed: ${spoil}`);
	}
for (const text of spoiltFiles)
	if (dockerfileFaults(text).length === 0)
		faults.push(`not noticed:\n${text}`);
for (const text of [workflow.replace(/@\w{40}/, "@v4"), workflow.replace("run: tests/run", "run: ctest")])
	if (workflowFaults(text).length === 0)
		faults.push(`not noticed:\n${text}`);
console.log(faults.join("\n") || `${build(operator).length} objects and a Dockerfile as they should be`);
process.exit(faults.length > 0 ? 1 : 0);
