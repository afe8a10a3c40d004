/**
 * Every overlay is set up as the page says: in order, so that nothing is read before it is there, and nothing refers to
 * nothing.
 */
import { expect, test } from '@jest/globals';
import { story } from '../story.js';
import { ApiServer } from './api-server.js';
import { instructions, play } from './instructions.js';
import { render, whyNoKubectl, type Manifest } from './render.js';

const missing = whyNoKubectl();
const guides = instructions();

test('the page has commands for every overlay', () => {
  expect([...guides.keys()]).toEqual(['.', 'overlays/external-redis', 'overlays/many-runs']);
});

type Change = (manifest: Manifest) => unknown;
const of =
  (kind: string, name: string, change: (spec: never) => void): Change =>
  (manifest) => {
    if (manifest.kind === kind && manifest.metadata.name === name) change(manifest['spec'] as never);
  };
interface Template {
  template: {
    spec: {
      serviceAccountName: string;
      volumes: { name: string; configMap?: { name: string } }[];
      containers: { env: object[]; ports: { name: string }[] }[];
    };
  };
}
/** The mistakes: for each kind of reference, a change after which it leads to nothing, and what is said of it. */
const BREAKS: readonly (readonly [string, Change, RegExp])[] = [
  [
    'a variable from no ConfigMap',
    of('Deployment', 'monitor', ({ template }: Template) =>
      template.spec.containers[0]!.env.push({ name: 'X', valueFrom: { configMapKeyRef: { name: 'none', key: 'x' } } }),
    ),
    /no ConfigMap none with x/,
  ],
  [
    'a variable from a key that a Secret lacks',
    of('Deployment', 'worker', ({ template }: Template) =>
      template.spec.containers[0]!.env.push({
        name: 'X',
        valueFrom: { secretKeyRef: { name: 'marblerun-redis-worker', key: 'x' } },
      }),
    ),
    /no Secret marblerun-redis-worker with x/,
  ],
  [
    'a variable that is not there yet',
    of('Deployment', 'worker', ({ template }: Template) =>
      template.spec.containers[0]!.env.unshift({ name: 'X', value: '$(MARBLERUN_RUN)' }),
    ),
    /no variable MARBLERUN_RUN/,
  ],
  [
    'an account',
    of('Deployment', 'elevator', ({ template }: Template) => (template.spec.serviceAccountName = 'none')),
    /no ServiceAccount none/,
  ],
  [
    'a volume from no ConfigMap',
    of('StatefulSet', 'redis', ({ template }: Template) =>
      template.spec.volumes.push({ name: 'x', configMap: { name: 'none' } }),
    ),
    /no ConfigMap none/,
  ],
  [
    'a mount of no volume',
    of(
      'StatefulSet',
      'redis',
      ({ template }: Template) => (template.spec.volumes = template.spec.volumes.filter(({ name }) => name !== 'acl')),
    ),
    /no volume acl/,
  ],
  [
    'a port by name',
    of('Deployment', 'monitor', ({ template }: Template) => (template.spec.containers[0]!.ports[0]!.name = 'web')),
    /no port http for its probe[^]*monitor has no port http/,
  ],
  [
    'a Service that selects nothing',
    of('Service', 'redis', (spec: { selector: object }) => (spec.selector = { a: 'b' })),
    /Service marblerun-hub\/redis: selects nothing/,
  ],
  [
    'a budget that selects nothing',
    of('PodDisruptionBudget', 'worker', (spec: { selector: object }) => (spec.selector = { matchLabels: { a: 'b' } })),
    /PodDisruptionBudget .*selects nothing/,
  ],
  [
    'a PodMonitor with an unknown port',
    of(
      'PodMonitor',
      'marblerun',
      (spec: { podMetricsEndpoints: { port: string }[] }) => (spec.podMetricsEndpoints[0]!.port = 'web'),
    ),
    /has no port web/,
  ],
  [
    'an autoscaler of nothing',
    of('ScaledObject', 'worker', (spec: { scaleTargetRef: object }) => (spec.scaleTargetRef = { name: 'none' })),
    /scales Deployment none/,
  ],
  [
    'a policy for nobody',
    of(
      'NetworkPolicy',
      'spokes',
      (spec: { ingress: { from: object[] }[] }) =>
        (spec.ingress[0]!.from = [{ podSelector: { matchLabels: { a: 'b' } } }]),
    ),
    /a peer that is nobody/,
  ],
  [
    'a policy for a port that nobody has',
    of(
      'NetworkPolicy',
      'hub',
      (spec: { egress: { ports: { port: number }[] }[] }) => (spec.egress[0]!.ports[0]!.port = 1),
    ),
    /nobody listens on 1/,
  ],
  [
    'a StatefulSet without its Service',
    of('StatefulSet', 'redis', (spec: { serviceName: string }) => (spec.serviceName = 'none')),
    /no headless Service none/,
  ],
];

story('the API server', missing, () => {
  test.each([...guides.keys()])('k8s/%s: nothing is read before it is there, nothing refers to nothing', (folder) => {
    const server = play(guides.get(folder)!);
    expect(server.mistakes).toEqual([]);
    expect(server.dangling()).toEqual([]);
  });

  test.each([...guides.keys()])('k8s/%s: each command before the last is needed', (folder) => {
    const commands = guides.get(folder)!;
    for (const [i, left] of commands.slice(0, -1).entries())
      expect([left, play(commands.toSpliced(i, 1)).mistakes]).not.toEqual([left, []]);
    const [last, ...others] = commands.toReversed();
    expect(play([last!, ...others.reverse()]).mistakes.join('\n')).toMatch(/there is no Secret .* yet/);
  });

  test('what exists when: a namespace before its content, kinds before resources, each thing once', () => {
    const commands = guides.get('overlays/many-runs')!;
    expect(play(commands, new ApiServer([])).mistakes.join('\n')).toMatch(/ScaledObject .*no such kind/);
    expect(play([commands[0]!, commands[0]!]).mistakes.join('\n')).toMatch(/is there already/);
    const manifests = render('overlays/many-runs');
    const server = new ApiServer();
    server.apply(manifests.toReversed());
    expect(server.mistakes.join('\n')).toMatch(/there is no namespace marblerun-hub yet/);
  });

  test.each(BREAKS)('finds %s', (_what, change, expected) => {
    const commands = guides.get('overlays/many-runs')!;
    const server = play(commands.slice(0, -1));
    const manifests = render('overlays/many-runs');
    manifests.forEach(change);
    server.apply(manifests);
    expect([...server.mistakes, ...server.dangling()].join('\n')).toMatch(expected);
  });
});
