/** Each of our rules finds a workload that breaks it. */
import { expect, test } from '@jest/globals';
import { story } from '../story.js';
import { RULES } from './policy.js';
import { render, whyNoKubectl, type Manifest } from './render.js';
import { containersOf, podOf, WORKLOADS, type Case } from './workload.js';

type Loose = Record<string, never>;

/** The breaches: for every rule, a workload, and the change by which it breaks the rule. */
const BREAKS: Readonly<Record<string, readonly [string, (it: Case) => void]>> = {
  'pinned images: ours to a version, those of others to a digest': [
    'redis',
    ({ containers }) => set(containers[0], 'image', 'redis:8.0-bookworm'),
  ],
  'two of each that keeps no state': ['elevator', ({ workload }) => set(workload['spec'], 'replicas', 1)],
  'no rights: Pod Security "restricted"': ['worker', ({ pod }) => set(pod.spec.securityContext, 'runAsNonRoot', false)],
  'a root file system that is read only': [
    'redis',
    ({ containers }) => set(containers[0]?.securityContext, 'readOnlyRootFilesystem', false),
  ],
  'a ServiceAccount of its own, with no token': [
    'monitor',
    ({ pod }) => set(pod.spec, 'automountServiceAccountToken', true),
  ],
  'requests and limits of CPU and memory': [
    'redis',
    ({ containers }) => set(containers[0]?.resources, 'limits', undefined),
  ],
  'probes on the right endpoints': [
    'elevator',
    ({ containers }) => set(containers[0]?.livenessProbe?.httpGet, 'path', '/health/ready'),
  ],
  'time to stop: preStop and drain fit into the grace period': [
    'worker',
    ({ pod }) => set(pod.spec, 'terminationGracePeriodSeconds', 20),
  ],
  'spread over nodes and zones': ['worker', ({ pod }) => set(pod.spec, 'topologySpreadConstraints', undefined)],
  'a PodDisruptionBudget that leaves one running, and lets a node be drained': ['monitor', drop('PodDisruptionBudget')],
  'a Service where something listens, and only there': ['elevator', drop('Service')],
  'all traffic is closed, and opened by rules that name peers and ports': ['worker', drop('NetworkPolicy')],
  'secrets by reference only': [
    'monitor',
    ({ containers }) => set(containers[0], 'env', [{ name: 'MARBLERUN_REDIS', value: 'redis://:secret@redis' }]),
  ],
  'scraped once where there are metrics: by annotations, or by a PodMonitor': [
    'monitor',
    ({ pod }) => set(pod.metadata, 'annotations', {}),
  ],
  'a volume for the state': ['redis', ({ workload }) => set(workload['spec'], 'volumeClaimTemplates', [])],
};

function set(object: unknown, field: string, value: unknown): void {
  (object as Loose)[field] = value as never;
}

function drop(kind: string) {
  return ({ manifests }: Case) => {
    const all = manifests as Manifest[];
    for (let i = all.length - 1; i >= 0; i--) if (all[i]!.kind === kind) all.splice(i, 1);
  };
}

test('every rule is broken once', () => expect(Object.keys(BREAKS)).toEqual(Object.keys(RULES)));

story('broken rules', whyNoKubectl(), () => {
  test.each(Object.entries(BREAKS))('%s', (rule, [name, breakIt]) => {
    const manifests = render('.');
    const workload = manifests.find(({ kind, metadata }) => WORKLOADS.includes(kind) && metadata.name === name)!;
    const it = () => ({ workload, pod: podOf(workload), containers: containersOf(workload), manifests });
    expect(RULES[rule]!(it())).toBe('');
    breakIt(it());
    expect(RULES[rule]!(it())).not.toBe('');
  });
});
