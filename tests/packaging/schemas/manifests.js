// SPDX-License-Identifier: Apache-2.0
// Checks of the manifests: each built kustomization against the schemas of Kubernetes and of the Prometheus operator,
// and its objects against each other.
"use strict";
const fs = require("fs");
const path = require("path");
const YAML = require("yaml");

const PACKAGES = {"monitoring.coreos.com": "@kubernetes-models/prometheus-operator/"};
// Keys that this project's kustomizations use. kustomize has more.
const KUSTOMIZATION = [
	"apiVersion", "kind", "namespace", "resources", "patches", "images", "generatorOptions", "configMapGenerator",
];
// Labels that the Prometheus operator adds to a target. They describe the exporter's pod, not the owner of a socket.
const POD_LABELS = ["container", "pod", "endpoint"];
// Lists that a patch merges item by item, and the field that identifies an item.
const NAMED_BY = {containers: "name"};

function load(file) {
	const documents = YAML.parseAllDocuments(fs.readFileSync(file, "utf8"), {strict: true, uniqueKeys: true});
	return documents.map((document) => {
		if (document.errors.length + document.warnings.length > 0)
			throw new Error(`${file}: ${[...document.errors, ...document.warnings]}`);
		return document.toJS();
	});
}

// As kustomize's strategic merge does it for what our patches say: maps merge, named lists by name, others are replaced.
function merge(into, patch, key) {
	if (Array.isArray(patch) && NAMED_BY[key]) {
		for (const item of patch) {
			const found = into.find((one) => one[NAMED_BY[key]] === item[NAMED_BY[key]]);
			if (!found)
				throw new Error(`a patch of ${key} without ${item[NAMED_BY[key]]}`);
			merge(found, item, "");
		}
		return into;
	}
	if (patch === null || typeof patch !== "object" || Array.isArray(patch))
		return patch;
	for (const name of Object.keys(patch))
		into[name] = name in into ? merge(into[name], patch[name], name) : patch[name];
	return into;
}

function sameObject(one, other) {
	return one.kind === other.kind && one.metadata.name === other.metadata.name;
}

function applyImages(object, images) {
	for (const container of object.spec?.template?.spec?.containers ?? []) {
		const image = images.find((one) => one.name === container.image);
		if (image)
			container.image = `${image.newName}:${image.newTag}`;
	}
}

// The ConfigMaps that a kustomization makes of files.
function generated(folder, {configMapGenerator = [], generatorOptions: options = {}}) {
	if (configMapGenerator.length > 0 && options.disableNameSuffixHash !== true)
		throw new Error(`${folder}: the names of ConfigMaps would change with each version`);
	return configMapGenerator.map(({name, files}) => ({
		apiVersion: "v1",
		kind: "ConfigMap",
		metadata: {name, labels: options.labels, annotations: options.annotations},
		data: Object.fromEntries(files.map((file) => [file, fs.readFileSync(path.join(folder, file), "utf8")])),
	}));
}

// All objects of a kustomization, put together.
function build(folder) {
	const [settings] = load(path.join(folder, "kustomization.yaml"));
	const unknown = Object.keys(settings).filter((key) => !KUSTOMIZATION.includes(key));
	if (settings.kind !== "Kustomization" || unknown.length > 0)
		throw new Error(`${folder}: not a kustomization as we know them: ${unknown}`);
	const objects = (settings.resources ?? []).flatMap((name) => {
		const file = path.join(folder, name);
		return fs.statSync(file).isDirectory() ? build(file) : load(file);
	});
	objects.push(...generated(folder, settings));
	for (const {path: name} of settings.patches ?? [])
		for (const patch of load(path.join(folder, name)))
			merge(objects.find((object) => sameObject(object, patch)), patch, "");
	for (const object of objects) {
		if (settings.namespace && object.kind !== "Namespace")
			object.metadata.namespace = settings.namespace;
		applyImages(object, settings.images ?? []);
	}
	return objects;
}

// A stand-in for `value` that strikes every field off `unread` that is looked at: the validators pass over fields that
// their schema does not have.
function watch(value, where, unread) {
	if (value === null || typeof value !== "object")
		return value;
	if (Array.isArray(value))
		return value.map((item, index) => watch(item, `${where}[${index}]`, unread));
	const copy = {};
	for (const key of Object.keys(value)) {
		unread.add(`${where}.${key}`);
		copy[key] = watch(value[key], `${where}.${key}`, unread);
	}
	const strike = (key) => unread.delete(`${where}.${String(key)}`);
	return new Proxy(copy, {
		get: (target, key) => (strike(key), target[key]),
		ownKeys: (target) => (Object.keys(target).forEach(strike), Reflect.ownKeys(target)),
	});
}

// Returns the object's violations of its schema.
function schemaFaults(object) {
	const name = `${object.kind} ${object.metadata?.name}`;
	const group = object.apiVersion.split("/")[0];
	const module = (PACKAGES[group] ?? "kubernetes-models/") + `${object.apiVersion}/${object.kind}`;
	const unread = new Set();
	try {
		const Model = require(module)[object.kind];
		const model = new Model({});
		for (const key of Object.keys(object).filter((one) => one !== "apiVersion" && one !== "kind"))
			model[key] = watch(object[key], key, unread);
		model.validate();
	} catch (error) {
		return [`${name}: ${error.message}`];
	}
	return [...unread].map((field) => `${name}: ${field} is no field of it`);
}

function has(labels, wanted) {
	return Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
}

// Returns true if a relabelling drops this label, which the operator adds to targets.
function drops(endpoint, label) {
	return (endpoint.relabelings ?? []).some(
		({action, regex}) => action === "labeldrop" && new RegExp(`^(?:${regex})$`).test(label));
}

// Returns faults in the references between the objects of one kustomization.
function relationFaults(objects) {
	const faults = [];
	const expect = (truth, text) => truth || faults.push(text);
	const one = (kind) => objects.find((object) => object.kind === kind);
	const [daemons, service, monitor] = [one("DaemonSet"), one("Service"), one("ServiceMonitor")];
	const pod = daemons.spec.template;
	const [container] = pod.spec.containers;
	const ports = container.ports.map((port) => port.name);
	expect(has(pod.metadata.labels, daemons.spec.selector.matchLabels), "the DaemonSet does not select its own pods");
	expect(has(pod.metadata.labels, service.spec.selector), "the Service does not select the pods");
	expect(service.spec.ports.every((port) => ports.includes(port.targetPort)), "the Service has another port");
	for (const probe of [container.livenessProbe, container.readinessProbe])
		expect(ports.includes(probe.httpGet.port), "a probe has another port");
	expect(container.args.includes(`--web.listen-address=:${container.ports[0].containerPort}`),
		"the exporter listens elsewhere");
	expect(/:[0-9.]+$/.test(container.image), `the image ${container.image} has no version`);
	if (monitor) {
		expect(has(service.metadata.labels, monitor.spec.selector.matchLabels), "the ServiceMonitor selects no Service");
		expect(monitor.spec.endpoints.every((endpoint) => service.spec.ports.some(
			(port) => port.name === endpoint.port)), "the ServiceMonitor has another port");
		expect(monitor.spec.endpoints.every((endpoint) => POD_LABELS.every((label) => drops(endpoint, label))),
			`the exporter's own ${POD_LABELS} would be labels of sockets`);
	}
	return faults;
}

// What the policy says of the DaemonSet.
function policyFaults([policy], daemons) {
	const {metadata, spec: {containers: [container]}} = daemons.spec.template;
	const ports = policy.spec.ingress.flatMap((rule) => rule.ports.map(({port}) => port));
	const faults = schemaFaults(policy);
	if (!has(metadata.labels, policy.spec.podSelector.matchLabels))
		faults.push("the NetworkPolicy does not select the pods");
	if (policy.metadata.namespace !== daemons.metadata.namespace)
		faults.push("the NetworkPolicy is in another namespace");
	if (JSON.stringify(ports) !== JSON.stringify(container.ports.map(({containerPort}) => containerPort)))
		faults.push("the NetworkPolicy allows another port");
	return faults;
}

// What Grafana's sidecar needs of the ConfigMaps: its label, and a dashboard in each.
function grafanaFaults(objects) {
	const faults = objects.flatMap(schemaFaults);
	const uids = objects.flatMap(({data}) => Object.values(data).map((text) => JSON.parse(text).uid)).sort();
	if (JSON.stringify(uids) !== JSON.stringify(objects.map(({metadata}) => metadata.name).sort()))
		faults.push(`the ConfigMaps have the dashboards ${uids}`);
	if (!objects.every(({metadata}) => has(metadata.labels, {grafana_dashboard: "1"})))
		faults.push("a ConfigMap without the sidecar's label");
	return faults;
}

module.exports = {build, schemaFaults, relationFaults, policyFaults, grafanaFaults};
