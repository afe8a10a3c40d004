/** Finds references of manifests, to each other and to their own pods, that lead to nothing. */
import type { Manifest } from './render.js';
import {
  containersOf,
  podOf,
  selectorOf,
  selects,
  spec,
  WORKLOADS,
  type Container,
  type Peer,
  type Port,
  type Selector,
} from './workload.js';

const NAMESPACE_NAME = 'kubernetes.io/metadata.name';
/** Namespaces of others: we cannot know what is in them. */
const FOREIGN = ['monitoring', 'openshift-dns'];

type Find = (manifest: Manifest, all: readonly Manifest[]) => string[];

const inNamespaceOf = ({ metadata }: Manifest, all: readonly Manifest[]) =>
  all.filter((other) => other.metadata.namespace === metadata.namespace);
const isWorkload = ({ kind }: Manifest) => WORKLOADS.includes(kind);
const labelsOf = (workload: Manifest) => podOf(workload).metadata.labels;
const selected = (selector: Selector | undefined, all: readonly Manifest[]) =>
  all.filter((other) => isWorkload(other) && selects(selector, labelsOf(other)));
const portsOf = (workload: Manifest) => containersOf(workload).flatMap(({ ports = [] }) => ports);
const hasPort = (workload: Manifest, port: string | number) =>
  portsOf(workload).some(({ name, containerPort }) => port === name || port === containerPort);

/** Checks the volumes, ports and variables that a pod's own containers name. */
export function mistakesInPod(workload: Manifest): string[] {
  const claims = spec(workload).volumeClaimTemplates ?? [];
  const volumes = [
    ...(podOf(workload).spec.volumes ?? []).map(({ name }) => name),
    ...claims.map(({ metadata }) => metadata.name),
  ];
  return containersOf(workload).flatMap((container) => [
    ...(container.volumeMounts ?? [])
      .filter(({ name }) => !volumes.includes(name))
      .map(({ name }) => `no volume ${name}`),
    ...probePorts(container)
      .filter((port) => !hasPort(workload, port))
      .map((port) => `no port ${port} for its probe`),
    ...unknownVariables(container),
  ]);
}

const probePorts = ({ startupProbe, livenessProbe, readinessProbe }: Container) =>
  [startupProbe, livenessProbe, readinessProbe].flatMap((probe) => {
    const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
    return port === undefined ? [] : [port];
  });

/**
 * Finds unknown variables. `$(NAME)` is filled in from the variables before it, and left as it is where there is none.
 */
function unknownVariables({ env = [], command = [] }: Container): string[] {
  const used = (text = '') => [...text.matchAll(/\$\(([A-Za-z_]\w*)\)/g)].map(([, name]) => name!);
  const names = env.map(({ name }) => name);
  return [
    ...env.flatMap(({ value }, i) => used(value).filter((name) => !names.slice(0, i).includes(name))),
    ...command.flatMap((word) => used(word).filter((name) => !names.includes(name))),
  ].map((name) => `no variable ${name} before it is used`);
}

const selecting: Find = (manifest, all) => {
  const found = selected(selectorOf(manifest), inNamespaceOf(manifest, all));
  const { ports = [], podMetricsEndpoints = [] } = spec(manifest);
  const wanted =
    manifest.kind === 'Service' ? ports.map((it) => it.targetPort) : podMetricsEndpoints.map((it) => it.port);
  return [
    ...(found.length === 0 ? ['selects nothing'] : []),
    ...found.flatMap((workload) =>
      wanted.filter((port) => !hasPort(workload, port)).map((port) => `${workload.metadata.name} has no port ${port}`),
    ),
  ];
};

const scaling: Find = (manifest, all) => {
  const { name = '', kind = 'Deployment' } = spec(manifest).scaleTargetRef ?? {};
  const found = inNamespaceOf(manifest, all).some((other) => other.kind === kind && other.metadata.name === name);
  return found ? [] : [`scales ${kind} ${name}, which is not there`];
};

const policing: Find = (manifest, all) => {
  const { ingress = [], egress = [] } = spec(manifest);
  const own = selected(selectorOf(manifest), inNamespaceOf(manifest, all));
  const peersOf = (peers: readonly Peer[]) => peers.flatMap((peer) => peersIn(peer, manifest, all));
  return [
    ...(own.length === 0 ? ['selects nothing'] : []),
    ...ingress.flatMap(({ from = [], ports = [] }) => [...lonely(from, manifest, all), ...unopened(own, ports)]),
    ...egress.flatMap(({ to = [], ports = [] }) => [...lonely(to, manifest, all), ...unopened(peersOf(to), ports)]),
  ];
};

/** Lists our pods that a peer of a policy selects. */
function peersIn({ podSelector, namespaceSelector }: Peer, policy: Manifest, all: readonly Manifest[]): Manifest[] {
  if (!namespaceSelector) return podSelector ? selected(podSelector, inNamespaceOf(policy, all)) : [];
  const namespaces = all
    .filter(({ kind }) => kind === 'Namespace')
    .filter(({ metadata }) => selects(namespaceSelector, { [NAMESPACE_NAME]: metadata.name, ...metadata.labels }))
    .map(({ metadata }) => metadata.name);
  return selected(podSelector, all).filter(({ metadata }) => namespaces.includes(metadata.namespace ?? ''));
}

/** Finds peers that select nobody: neither our pods, nor pods in a namespace of others, nor addresses. */
const lonely = (peers: readonly Peer[], policy: Manifest, all: readonly Manifest[]) =>
  peers
    .filter((peer) => !isForeign(peer) && peersIn(peer, policy, all).length === 0)
    .map((peer) => `a peer that is nobody: ${JSON.stringify(peer)}`);

const isForeign = ({ ipBlock, namespaceSelector }: Peer) =>
  ipBlock !== undefined ||
  FOREIGN.includes(namespaceSelector?.matchLabels?.[NAMESPACE_NAME] ?? '') ||
  (namespaceSelector !== undefined && Object.keys(namespaceSelector).length === 0); // DNS, wherever it is

const unopened = (workloads: readonly Manifest[], ports: readonly Port[]) =>
  workloads.length === 0
    ? []
    : ports
        .filter(({ port }) => !workloads.some((workload) => hasPort(workload, port)))
        .map(({ port }) => `nobody listens on ${port}`);

const serving: Find = (manifest, all) => {
  const { serviceName } = spec(manifest);
  const service = inNamespaceOf(manifest, all).find(
    ({ kind, metadata }) => kind === 'Service' && metadata.name === serviceName,
  );
  return service && spec(service).clusterIP === 'None' ? [] : [`no headless Service ${serviceName}`];
};

const FINDERS: Readonly<Record<string, Find>> = {
  Service: selecting,
  PodDisruptionBudget: selecting,
  PodMonitor: selecting,
  NetworkPolicy: policing,
  HorizontalPodAutoscaler: scaling,
  ScaledObject: scaling,
  StatefulSet: serving,
};

export const danglingIn = (all: readonly Manifest[]): string[] =>
  all.flatMap((manifest) =>
    (FINDERS[manifest.kind]?.(manifest, all) ?? []).map(
      (what) => `${manifest.kind} ${manifest.metadata.namespace}/${manifest.metadata.name}: ${what}`,
    ),
  );
