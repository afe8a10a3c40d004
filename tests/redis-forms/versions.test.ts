/**
 * The same story on other versions of Redis and on Valkey, in containers on a real engine: with a password in a file,
 * with an ACL user of the documented rights, and on a cluster of one master.
 */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { freePort, freshBus, redisCli, until } from '@marblerun/test-support';
import Docker, { type Container } from 'dockerode';
import { keysOf } from '@marblerun/internal';
import { Communicator } from 'marblerun/communicator';
import { basicStory } from './basic-story.js';

const IMAGES = [
  ['redis:7.0-bookworm', /^7\.0\./],
  ['redis:8.0-bookworm', /^8\.0\./],
  ['valkey/valkey:8.1-bookworm', /^7\.2\.4$/], // Valkey calls itself this to clients of Redis
] as const;
const PASSWORD = 'a password of the test';

jest.setTimeout(300_000);
const docker = new Docker({ timeout: 120_000 });
const present = await docker.listImages().then(
  (images) => images.flatMap(({ RepoTags }) => RepoTags ?? []),
  (error: unknown) => String(error),
);

/** Returns the reason why the story cannot be told with this image; empty where it can. */
function missing(image: string): string {
  if (typeof present === 'string') return `, SKIPPED because no Docker engine answers: ${present}`;
  return present.includes(image) ? '' : ', SKIPPED because the engine does not have this image';
}

async function startServer(image: string, port: number, ...args: string[]): Promise<Container> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: [image.startsWith('valkey') ? 'valkey-server' : 'redis-server', '--save', '', ...args],
    Labels: { 'marblerun.test': String(process.pid) },
    ExposedPorts: { '6379/tcp': {} },
    HostConfig: { AutoRemove: true, PortBindings: { '6379/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] } },
  });
  await container.start();
  return container;
}

describe.each(IMAGES.map(([image, version]) => ({ image, version, why: missing(image) })))(
  '$image$why',
  ({ image, version, why }) => {
    const story = why === '' ? test : test.skip;
    const containers: Container[] = [];
    let port: number;
    let passwordFile: string;
    const admin = (...command: string[]) => redisCli(['-p', String(port), '-a', PASSWORD], ...command);

    beforeAll(async () => {
      if (why !== '') return;
      passwordFile = join(await mkdtemp(join(tmpdir(), 'marblerun-version-')), 'password');
      await writeFile(passwordFile, PASSWORD);
      port = await freePort();
      containers.push(await startServer(image, port, '--requirepass', PASSWORD));
      await until('it answers', async () => (await admin('PING')) === 'PONG', { deadlineMs: 60_000 });
    });
    afterAll(async () => {
      await Promise.all(containers.map((container) => container.remove({ force: true })));
    });

    story('with a password from a file', async () => {
      const redis = { host: '127.0.0.1', port, passwordFile };
      await basicStory(redis);
      const bus = new Communicator({ redis });
      expect(await bus.status.durability()).toMatchObject({
        version: expect.stringMatching(version),
        appendonly: false,
      });
      await bus.close();
    });

    story('with the documented rights', async () => {
      const { run } = freshBus('');
      const page = await readFile(new URL('../../../docs/SECURITY.md', import.meta.url), 'utf8');
      const keys = [run, `${run}-upper`].map((name) => `~${keysOf(name).layout.replace(/layout$/, '*')}`);
      for (const user of ['worker', 'monitor']) {
        const words = new RegExp(`^user ${user} (.*)$`, 'm').exec(page)![1]!.split(' ');
        await admin('ACL', 'SETUSER', user, 'reset', ...words.filter((word) => !word.startsWith('~')), ...keys);
      }
      const form = (username: string) => ({ host: '127.0.0.1', port, username, password: 'password' });
      await basicStory(form('worker'), { run, monitor: form('monitor') });
      const stats = (await admin('INFO', 'commandstats')).split('\n');
      const rejected = stats.filter((line) => /rejected_calls=[1-9]/.test(line));
      // it is asked once: does this Redis evict?
      expect(rejected.map((line) => /_([^:]+)/.exec(line)?.[1])).toEqual(['info']);
    });

    story('as a cluster', async () => {
      const clusterPort = await freePort();
      const announced = ['--cluster-announce-ip', '127.0.0.1', '--cluster-announce-port', String(clusterPort)];
      containers.push(
        await startServer(image, clusterPort, '--protected-mode', 'no', '--cluster-enabled', 'yes', ...announced),
      );
      const ask = (...command: string[]) => redisCli(clusterPort, ...command);
      await until('it answers', async () => (await ask('PING')) === 'PONG', { deadlineMs: 60_000 });
      await ask('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      await until('it is whole', async () => (await ask('CLUSTER', 'INFO')).includes('cluster_state:ok'));
      await basicStory({ cluster: [`localhost:${clusterPort}`] });
    });
  },
);
