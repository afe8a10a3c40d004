/**
 * The manifests of k8s/: every overlay renders, is right by the Kubernetes schema, and keeps our rules.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { story } from '../story.js';
import { RULES } from './policy.js';
import { render, whyNoKubectl, type Manifest } from './render.js';
import { mistakesOf } from './schema.js';
import { containersOf, podOf, WORKLOADS } from './workload.js';

const OVERLAYS = ['.', 'overlays/redis-in-cluster', 'overlays/external-redis', 'overlays/many-runs'];
const COUNTS: Record<string, number> = { Deployment: 3, StatefulSet: 1 };

const missing = whyNoKubectl();
const named = ({ kind, metadata: { namespace, name } }: Manifest) => `${kind} ${namespace ?? ''}/${name}`;

for (const overlay of OVERLAYS)
  story(`k8s/${overlay}`, missing, () => {
    const manifests = missing ? [] : render(overlay);
    const workloads = manifests.filter(({ kind }) => WORKLOADS.includes(kind));

    test('renders workloads, one namespace for each run, and no Secret', () => {
      expect(workloads.length).toBeGreaterThanOrEqual(3);
      for (const [kind, least] of Object.entries(COUNTS)) {
        const found = workloads.filter((workload) => workload.kind === kind);
        if (kind === 'StatefulSet' && overlay.includes('external')) expect(found).toEqual([]);
        else expect(found.length).toBeGreaterThanOrEqual(least);
      }
      const namespaces = manifests.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
      for (const { kind, metadata } of manifests)
        if (kind !== 'Namespace') expect(namespaces).toContain(metadata.namespace);
      expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    });

    test('every manifest is right by the schema, with no unknown field', () => {
      expect(manifests.flatMap((manifest) => mistakesOf(manifest).map((it) => `${named(manifest)}: ${it}`))).toEqual(
        [],
      );
    });

    test.each(Object.entries(RULES))('every workload: %s', (_name, rule) => {
      for (const workload of workloads) {
        const broken = rule({ workload, pod: podOf(workload), containers: containersOf(workload), manifests });
        expect([named(workload), broken]).toEqual([named(workload), '']);
      }
    });
  });

describe('the schema check', () => {
  const deployment = (spec: object): Manifest => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' } },
    spec: { selector: { matchLabels: { a: 'b' } }, ...spec },
  });
  const container = (more: object) => ({ template: { spec: { containers: [{ name: 'x', ...more }] } } });

  test.each([
    ['an unknown field', deployment({ ...container({}), replica: 2 }), /unknown field \/spec\/replica$/],
    [
      'an unknown field far down',
      deployment(container({ livenessProbe: { httpGet: { port: 1, pth: '/' } } })),
      /httpGet\/pth/,
    ],
    ['a wrong type', deployment({ ...container({}), replicas: 'two' }), /replicas must be/],
    ['a missing field', deployment({ template: { spec: {} } }), /containers/],
    ['an unknown kind', { apiVersion: 'apps/v1', kind: 'Deploiment', metadata: { name: 'x' } }, /no Deploiment/],
    [
      'a custom resource with an unknown field',
      {
        ...{ apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor', metadata: { name: 'x', namespace: 'x' } },
        spec: { selector: {}, podMetricsEndpoints: [{ port: 'http', intervall: '1s' }] },
      },
      /intervall/,
    ],
  ] as [string, Manifest, RegExp][])('finds %s', (_what, manifest, mistake) => {
    expect(mistakesOf(manifest).join('\n')).toMatch(mistake);
  });

  test('finds nothing in a correct manifest', () => {
    expect(mistakesOf(deployment(container({ image: 'x:1' })))).toEqual([]);
  });
});

test('the tags of the images are the version of the packages', () => {
  const root = new URL('../../../', import.meta.url);
  const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
  const { version } = JSON.parse(read('shared/package.json')) as { version: string };
  for (const path of ['base', 'worker', 'upper-worker', 'elevator'].map(
    (folder) => `k8s/${folder}/kustomization.yaml`,
  )) {
    const tags = [...read(path).matchAll(/newTag: ([^ }]+)/g)].map(([, tag]) => tag);
    expect(tags.length).toBeGreaterThan(0);
    expect(new Set(tags)).toEqual(new Set([version]));
  }
  const tags = [...read('docker-compose.yml').matchAll(/IMAGE_TAG:-([^}]+)/g)].map(([, tag]) => tag);
  expect(new Set(tags)).toEqual(new Set([version]));
});
