/** Promises of the containers' files, read from the files themselves: this needs no engine. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { story } from '../story.js';
import { whyNoCompose } from './stack.js';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const DOCKERFILES = ['Dockerfile.monitor', 'Dockerfile.elevator', 'examples/Dockerfile.worker'];
/** A name with a version; a variable may stand for all or part of it. */
const VERSIONED = /^(\$\{\w+:-)?[\w./${}:-]+:(?!latest)[\w.${}:-]+$/;
const BASE = /^(node:[\w.-]+)@sha256:[0-9a-f]{64}$/;

interface Service {
  readonly image: string;
  readonly [option: string]: unknown;
}
interface Configured {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, { readonly name: string }>>;
}
const { services, name } = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  name?: string;
};

describe.each(DOCKERFILES)('%s', (file) => {
  const stages = read(file).split(/^(?=FROM )/m);

  test('shares its first stages with the others, so that an engine runs them once', () => {
    const shared = (other: string) =>
      read(other)
        .split(/^(?=FROM )/m)
        .slice(1, 5);
    expect(shared(file)).toHaveLength(4);
    expect(shared(file)).toEqual(shared(DOCKERFILES[0]!));
  });

  test('copies into the image by name what it is made of, and says which version that is', () => {
    const last = stages.at(-1)!;
    const copied = [...last.matchAll(/^COPY (?:--from=\w+ )?(.*)$/gm)].map(([, paths]) => paths!);
    const whole = /\/app\/node_modules |\/(dist|lua|dashboard) |package\.json |worker\*\.js |^LICENSE /;
    expect(copied.length).toBeGreaterThan(4);
    for (const paths of copied) expect(paths).toMatch(whole);
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(last).toContain(`ARG VERSION=${version}\n`);
  });

  test('builds on images of a digest, ends as a user without rights, with no shell between', () => {
    const given = new Map([...stages[0]!.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, name, value]) => [name!, value!]));
    const bases = stages
      .slice(1)
      .map((stage) => /^FROM (\S+)/.exec(stage)![1]!.replace(/^\$\{(\w+)\}$/, (_, name: string) => given.get(name)!));
    const own = [...read(file).matchAll(/ AS (\w+)$/gm)].map(([, name]) => name);
    for (const base of bases) if (!own.includes(base)) expect(base).toMatch(BASE);
    const last = stages.at(-1)!;
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^ENTRYPOINT \["node", /m);
    expect(last).toMatch(/^HEALTHCHECK [^[]*CMD \["node", /m);
    expect(last).not.toMatch(/^RUN /m);
    expect(last).toMatch(/org\.opencontainers\.image\.title=/);
  });
});

test.each(Object.keys(services))('docker-compose.yml: %s has a version, and is hardened and limited', (name) => {
  expect(services[name]).toMatchObject({
    image: expect.stringMatching(VERSIONED),
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    restart: name === 'users' ? 'no' : 'unless-stopped',
    init: true,
    deploy: {
      resources: {
        limits: { cpus: expect.any(String), memory: expect.stringMatching(/^\d+m$/), pids: expect.any(Number) },
      },
    },
  });
  const ports = (services[name]!['ports'] as string[] | undefined) ?? [];
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('docker-compose.yml: the grace period of each service is longer than its drain deadline', () => {
  const drainMs = { monitor: 10_000, elevator: 10_000, worker: 8000, 'upper-worker': 8000 };
  for (const [name, ms] of Object.entries(drainMs)) {
    const grace = String(services[name]!['stop_grace_period']);
    expect(grace).toMatch(/^\d+s$/);
    expect(parseInt(grace) * 1000).toBeGreaterThan(ms);
  }
});

story('docker-compose.yml, as compose reads it', await whyNoCompose(), () => {
  const configured = (env: Record<string, string>) => {
    const cwd = fileURLToPath(ROOT);
    const text = execFileSync('docker', ['compose', 'config', '--format', 'json'], {
      ...{ cwd, env: { ...process.env, ...env }, encoding: 'utf8' },
    });
    return JSON.parse(text) as Configured;
  };
  const redisPort = (env: Record<string, string>) => configured(env).services['redis']!['ports'];

  test('the example of scaling fits onto it', () => {
    const COMPOSE_FILE = 'docker-compose.yml:examples/scaling-compose/compose.yml';
    const { services: both } = configured({ COMPOSE_FILE, COMPOSE_PROFILES: 'docker,load' });
    expect(both['worker']!['labels']).toEqual({
      ...{ 'marblerun.run': 'main', 'marblerun.restart': 'hung', 'marblerun.scale.queues': 'tasks' },
      ...{ 'marblerun.scale.min': '1', 'marblerun.scale.max': '5', 'marblerun.scale.target': '20' },
    });
    expect(both['monitor']!['environment']).toMatchObject({ MARBLERUN_SCALE: 'on' });
    expect(both['docker-proxy']!['environment']).toMatchObject({ MARBLERUN_PROXY_ALLOW: 'scale' });
    expect(both['load']!.image).toBe(both['worker']!.image);
  });

  test('Redis has any free port unless one is asked for, which stays', () => {
    expect(redisPort({ REDIS_PORT: '' })).toMatchObject([{ published: '0', host_ip: '127.0.0.1', target: 6379 }]);
    expect(redisPort({ REDIS_PORT: '6390' })).toMatchObject([{ published: '6390', host_ip: '127.0.0.1' }]);
  });

  test('each checkout is a project of its own, by the name of its folder', () => {
    expect(name).toBeUndefined();
    expect(configured({ COMPOSE_PROJECT_NAME: '' }).name).toBe(
      basename(fileURLToPath(ROOT))
        .toLowerCase()
        .replaceAll(/[^a-z0-9_-]/g, ''),
    );
  });

  test('under the name that all checkouts once had an old installation finds its volume', () => {
    const { volumes, services: named } = configured({ COMPOSE_PROJECT_NAME: 'marblerun' });
    expect(volumes['redis']).toMatchObject({ name: 'marblerun_redis' });
    expect(named['monitor']!.image).toBe('marblerun-monitor:0.1.0');
    expect(configured({ COMPOSE_PROJECT_NAME: 'other' }).volumes['redis']).toMatchObject({ name: 'other_redis' });
  });

  test('the base that it builds on is that of the Dockerfiles, without the digest', () => {
    const [, pinned] = /^ARG NODE_IMAGE=(\S+)$/m.exec(read(DOCKERFILES[0]!))!;
    for (const name of ['monitor', 'elevator', 'worker'])
      expect(configured({ NODE_IMAGE: '' }).services[name]!['build']).toMatchObject({
        args: { NODE_IMAGE: BASE.exec(pinned!)![1] },
      });
  });
});
