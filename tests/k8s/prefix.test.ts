/** An operator's namePrefix over each overlay: it builds, and all references follow the new names. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { story } from '../story.js';
import { danglingIn } from './references.js';
import { render, whyNoKubectl } from './render.js';
import { podOf, spec, WORKLOADS } from './workload.js';

const K8S = fileURLToPath(new URL('../../../k8s/', import.meta.url));
/**
 * The overlays above a run's own namespace, where a prefix is useful; many-runs as a whole has the hub's address in it.
 */
const OVERLAYS = ['overlays/redis-in-cluster', 'overlays/external-redis', 'overlays/many-runs/hub'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(`${K8S}overlays/prefixed-`); // Kustomize takes relative paths only
});
afterAll(() => rmSync(folder, { recursive: true }));

story('a namePrefix', whyNoKubectl(), () => {
  test.each(OVERLAYS)('over k8s/%s: what is scaled, and the account of each workload, has the new name', (overlay) => {
    writeFileSync(`${folder}/kustomization.yaml`, `namePrefix: prod-\nresources: [../../${overlay}]\n`);
    const manifests = render(`overlays/${basename(folder)}`, { again: true });
    for (const workload of manifests.filter(({ kind }) => WORKLOADS.includes(kind))) {
      expect(workload.metadata.name).toMatch(/^prod-/);
      expect(podOf(workload).spec.serviceAccountName).toBe(workload.metadata.name);
    }
    const scalers = manifests.filter((manifest) => ['HorizontalPodAutoscaler', 'ScaledObject'].includes(manifest.kind));
    expect(scalers.map((scaler) => spec(scaler).scaleTargetRef?.name)).toEqual(scalers.map(() => 'prod-worker'));
    expect(scalers.length).toBe(overlay.includes('redis-in') ? 0 : 1);
    expect(danglingIn(manifests).filter((it) => /scales/.test(it))).toEqual([]);
  });
});

test('the worker of the upper run is the worker, with another name, login and run', () => {
  const lines = (name: string) =>
    readFileSync(`${K8S}${name}/worker.yaml`, 'utf8')
      .split('\n')
      .filter((line) => !/^#|MARBLERUN_RUN/.test(line));
  expect(lines('upper-worker').map((line) => line.replaceAll('upper-worker', 'worker'))).toEqual(lines('worker'));
});
