/**
 * Our rules for workloads in a cluster. Each returns what is wrong with a workload; empty where nothing is.
 */
import { appOf, selecting, spec, type Case, type Container, type Peer, type Pod, type Selector } from './workload.js';

type Rule = (it: Case) => string;

const SERVICES = ['monitor', 'elevator'];
const isService = (pod: Pod) => SERVICES.includes(appOf(pod));
/** The ports on which each of our parts may be reached; workers have none. */
const PORTS: Readonly<Record<string, readonly number[]>> = {
  redis: [6379],
  monitor: [9464],
  elevator: [9465],
};
/** The time that a worker needs after the drain: it closes for 3 s more (examples/worker.ts). */
const LONGER_S = 3;
const isWorker = (pod: Pod) => /(^|-)worker$/.test(appOf(pod));
const each = (containers: readonly Container[], wrong: (container: Container) => string | false | undefined) =>
  containers.map((container) => wrong(container) || '').find((it) => it !== '') ?? '';

const isAnybody = ({ podSelector, namespaceSelector, ipBlock }: Peer) =>
  ipBlock ? ipBlock.cidr.endsWith('/0') : !selectsSome(podSelector) && !selectsSome(namespaceSelector);
const selectsSome = (selector: Selector | undefined) => selector !== undefined && Object.keys(selector).length > 0;

export const RULES: Readonly<Record<string, Rule>> = {
  'pinned images: ours to a version, those of others to a digest': ({ containers }) =>
    each(containers, ({ image }) => {
      const pinned = /^marblerun-/.test(image) ? /:(?!latest$)[\w.-]+$/ : /:[\w.-]+@sha256:[0-9a-f]{64}$/;
      return pinned.test(image) ? '' : image;
    }),

  'two of each that keeps no state': ({ workload, manifests }) => {
    const { replicas } = spec(workload);
    const scaled = manifests
      .filter(({ kind }) => ['HorizontalPodAutoscaler', 'ScaledObject'].includes(kind))
      .map(spec)
      .some((it) => it.scaleTargetRef?.name === workload.metadata.name && (it.minReplicas ?? it.minReplicaCount) === 2);
    if (workload.kind !== 'Deployment') return '';
    return replicas === 2 || (replicas === undefined && scaled) ? '' : `replicas: ${replicas}`;
  },

  'no rights: Pod Security "restricted"': ({ workload, pod, containers, manifests }) => {
    const namespace = manifests.find(
      ({ kind, metadata }) => kind === 'Namespace' && metadata.name === workload.metadata.namespace,
    );
    if (namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted')
      return 'the namespace does not enforce it';
    const { securityContext, hostNetwork, hostPID, hostIPC, volumes = [] } = pod.spec;
    if (hostNetwork || hostPID || hostIPC) return 'host namespaces';
    if (volumes.some(({ hostPath }) => hostPath)) return 'hostPath';
    if (securityContext?.runAsNonRoot !== true || !securityContext.runAsUser) return 'may be root';
    if (securityContext.seccompProfile?.type !== 'RuntimeDefault') return 'seccompProfile';
    return each(containers, ({ securityContext: own }) => {
      if (own?.allowPrivilegeEscalation !== false || own.privileged) return 'may gain rights';
      if (own.capabilities?.drop?.includes('ALL') !== true || own.capabilities.add) return 'capabilities';
      return '';
    });
  },

  'a root file system that is read only': ({ containers }) =>
    each(containers, ({ securityContext }) => securityContext?.readOnlyRootFilesystem !== true && 'writable'),

  'a ServiceAccount of its own, with no token': ({ workload, pod, manifests }) => {
    const { serviceAccountName, automountServiceAccountToken } = pod.spec;
    const account = manifests.find(
      ({ kind, metadata }) =>
        kind === 'ServiceAccount' &&
        metadata.name === serviceAccountName &&
        metadata.namespace === workload.metadata.namespace,
    );
    if (serviceAccountName !== workload.metadata.name) return `account ${serviceAccountName}`;
    return automountServiceAccountToken === false && account?.['automountServiceAccountToken'] === false ? '' : 'token';
  },

  'requests and limits of CPU and memory': ({ containers }) =>
    each(containers, ({ resources: { requests, limits } = {} }) =>
      [requests, limits].every((side) => side?.['cpu'] && side['memory']) ? '' : 'resources',
    ),

  'probes on the right endpoints': ({ pod }) =>
    each(pod.spec.containers, ({ startupProbe, livenessProbe, readinessProbe }) => {
      if (!startupProbe || !readinessProbe) return 'missing';
      if (isService(pod)) {
        const paths = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet?.path);
        return paths.join() === '/health/live,/health/live,/health/ready' ? '' : `paths ${paths.join()}`;
      }
      if (appOf(pod) === 'redis') return livenessProbe?.tcpSocket && readinessProbe.exec ? '' : 'redis';
      const asked = [startupProbe, readinessProbe, livenessProbe].map((probe) => probe?.exec?.command.at(-1));
      const [health, alive] = ['examples/worker-health.js', 'examples/worker-alive.js'];
      return asked.join() === [health, health, alive].join() ? '' : `worker: ${asked.join()}`;
    }),

  'time to stop: preStop and drain fit into the grace period': ({ pod }) =>
    each(pod.spec.containers, ({ env = [], lifecycle }) => {
      const drain = env.find(({ name }) => name.endsWith('_DRAIN_MS'))?.value;
      const grace = pod.spec.terminationGracePeriodSeconds ?? 30;
      const preStop = lifecycle?.preStop?.sleep?.seconds ?? 0;
      if (isService(pod) && preStop === 0) return 'a service needs a preStop, for requests on their way';
      if (appOf(pod) !== 'redis' && drain === undefined) return 'no drain deadline';
      const needed = preStop + Number(drain ?? 0) / 1000 + (appOf(pod) === 'redis' ? 0 : LONGER_S);
      return needed < grace ? '' : `${preStop} s + ${drain} ms + ${LONGER_S} s in ${grace} s`;
    }),

  'spread over nodes and zones': ({ workload, pod }) => {
    const keys = (pod.spec.topologySpreadConstraints ?? []).map(({ topologyKey }) => topologyKey).sort();
    if (workload.kind === 'StatefulSet') return '';
    return keys.join() === 'kubernetes.io/hostname,topology.kubernetes.io/zone' ? '' : `by ${keys.join()}`;
  },

  'a PodDisruptionBudget that leaves one running, and lets a node be drained': (it) => {
    if (it.workload.kind === 'StatefulSet') return ''; // it has one pod: a budget could only forbid to drain its node
    const budgets = selecting('PodDisruptionBudget', it);
    if (budgets.length !== 1) return `${budgets.length} budgets`;
    const { minAvailable, unhealthyPodEvictionPolicy } = spec(budgets[0]!);
    return minAvailable === 1 && unhealthyPodEvictionPolicy === 'AlwaysAllow' ? '' : 'budget';
  },

  'a Service where something listens, and only there': (it) => {
    const expected = isWorker(it.pod) ? 0 : 1;
    return selecting('Service', it).length === expected ? '' : 'services';
  },

  'all traffic is closed, and opened by rules that name peers and ports': (it) => {
    const policies = selecting('NetworkPolicy', it).map((policy) => spec(policy));
    const closed = policies.some(
      ({ policyTypes, ingress, egress }) => policyTypes?.length === 2 && !ingress && !egress,
    );
    if (!closed) return 'open';
    if (policies.some(({ egress = [] }) => egress.some(({ to = [] }) => to.some(isAnybody))))
      return 'a way to everybody';
    const open = policies.flatMap(({ ingress = [] }) =>
      ingress.flatMap(({ ports = [] }) => ports.map(({ port }) => port)),
    );
    if (!open.every((port) => PORTS[appOf(it.pod)]?.includes(port))) return `may be reached on ${open.join()}`;
    const rules = policies.flatMap(({ ingress = [], egress = [] }) => [
      ...ingress.map(({ from, ports }) => [from, ports]),
      ...egress.map(({ to, ports }) => [to, ports]),
    ]);
    return rules.every((sides) => sides.every((side) => side && side.length > 0))
      ? ''
      : 'a rule for all peers or ports';
  },

  'secrets by reference only': ({ containers }) =>
    each(containers, ({ env = [] }) =>
      env.some(({ name, value }) => /REDIS|TOKEN|PASSWORD|AUTH/.test(name) && value !== undefined)
        ? 'in the clear'
        : '',
    ),

  'scraped once where there are metrics: by annotations, or by a PodMonitor': (it) => {
    const { pod } = it;
    const port = { monitor: '9464', elevator: '9465' }[appOf(pod)];
    const { annotations = {} } = pod.metadata;
    const monitors = selecting('PodMonitor', it).length;
    if (monitors > 0) return monitors === 1 && isService(pod) && !annotations['prometheus.io/scrape'] ? '' : 'twice';
    if (port === undefined) return annotations['prometheus.io/scrape'] ? 'nothing to scrape' : '';
    return annotations['prometheus.io/port'] === port && annotations['prometheus.io/scrape'] === 'true'
      ? ''
      : 'annotations';
  },

  'a volume for the state': ({ workload, containers }) => {
    if (workload.kind !== 'StatefulSet') return '';
    const claims = spec(workload).volumeClaimTemplates ?? [];
    const mounted = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
    return claims.length === 1 && mounted.includes(claims[0]!.metadata.name) ? '' : 'no volume';
  },
};
