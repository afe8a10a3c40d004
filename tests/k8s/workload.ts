/** The parts of a workload that our rules look at, and the manifests that select its pods. */
import type { Manifest } from './render.js';

export const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'];

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly exec?: { readonly command: readonly string[] };
  readonly tcpSocket?: { readonly port: string | number };
}
/** A key of a ConfigMap or Secret. */
export interface KeyRef {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}
export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly configMapKeyRef?: KeyRef; readonly secretKeyRef?: KeyRef };
}
export interface Volume {
  readonly name: string;
  readonly hostPath?: object;
  readonly emptyDir?: object;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly projected?: { readonly sources: readonly Source[] };
}
interface Source {
  readonly secret: {
    readonly name: string;
    readonly items: readonly { readonly key: string; readonly path: string }[];
  };
}
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly Variable[];
  readonly command?: readonly string[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly resources?: { readonly requests?: Record<string, string>; readonly limits?: Record<string, string> };
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly privileged?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
}
export interface Pod {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly serviceAccountName?: string;
    readonly automountServiceAccountToken?: boolean;
    readonly terminationGracePeriodSeconds?: number;
    readonly hostNetwork?: boolean;
    readonly hostPID?: boolean;
    readonly hostIPC?: boolean;
    readonly volumes?: readonly Volume[];
    readonly securityContext?: {
      readonly runAsNonRoot?: boolean;
      readonly runAsUser?: number;
      readonly seccompProfile?: { readonly type: string };
    };
    readonly topologySpreadConstraints?: readonly { readonly topologyKey: string }[];
  };
}
export interface Case {
  readonly workload: Manifest;
  readonly pod: Pod;
  readonly containers: readonly Container[];
  readonly manifests: readonly Manifest[];
}
export const podOf = (workload: Manifest): Pod => (workload['spec'] as { template: Pod }).template;
/** Lists the containers in the order in which they begin. */
export function containersOf(workload: Manifest): Container[] {
  const { containers, initContainers = [] } = podOf(workload).spec;
  return [...initContainers, ...containers];
}

/** Returns the name that the labels of a pod give. */
export const appOf = ({ metadata }: Pod) => metadata.labels['app.kubernetes.io/name'] ?? '';
export interface Spec {
  readonly replicas?: number;
  readonly minAvailable?: number;
  readonly minReplicas?: number;
  readonly minReplicaCount?: number;
  readonly unhealthyPodEvictionPolicy?: string;
  readonly serviceName?: string;
  readonly clusterIP?: string;
  readonly ports?: readonly { readonly targetPort: string | number }[];
  readonly podMetricsEndpoints?: readonly { readonly port: string }[];
  readonly scaleTargetRef?: { readonly name: string; readonly kind?: string };
  readonly selector?: Selector;
  readonly podSelector?: Selector;
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports?: readonly Port[] }[];
  readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports?: readonly Port[] }[];
  readonly volumeClaimTemplates?: readonly Manifest[];
}
export interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string };
}
export interface Port {
  readonly port: number;
}
export const spec = (manifest: Manifest) => manifest['spec'] as Spec;
/** Lists manifests of a kind, in the namespace of the workload, that select its pods. */
export function selecting(kind: string, { workload, pod, manifests }: Case): Manifest[] {
  return manifests.filter((manifest) => {
    if (manifest.kind !== kind || manifest.metadata.namespace !== workload.metadata.namespace) return false;
    return selects(selectorOf(manifest), pod.metadata.labels);
  });
}

/** Returns the selector of a manifest: a Service has labels alone, the others a selector. */
export function selectorOf(manifest: Manifest): Selector | undefined {
  const { selector, podSelector } = spec(manifest);
  return manifest.kind === 'Service' ? { matchLabels: selector as Selector['matchLabels'] } : (podSelector ?? selector);
}

export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values: string[] }[];
}

export function selects(
  { matchLabels = {}, matchExpressions = [] }: Selector = {},
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => operator === 'In' && values.includes(labels[key] ?? ''))
  );
}
