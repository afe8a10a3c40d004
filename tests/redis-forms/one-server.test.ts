import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { RedisServer, freePort, makeAuthority, redisCli, sharedRedis, type Authority } from '@marblerun/test-support';
import { Communicator, type RedisForm } from 'marblerun/communicator';
import { basicStory } from './basic-story.js';

jest.setTimeout(300_000);

const PASSWORD = 'correct horse, battery/staple@:';
let dir: string;
let passwordFile: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'marblerun-forms-'));
  passwordFile = join(dir, 'password');
  await writeFile(passwordFile, `${PASSWORD}\n`);
});

/** Connects once. Returns the code and the message of what goes wrong. */
async function failureOf(redis: string | RedisForm): Promise<string> {
  const bus = new Communicator({ redis, run: 'fails', connectTimeoutMs: 2000 });
  try {
    await bus.connect();
    return 'connected';
  } catch (error) {
    return (error as Error).message;
  } finally {
    bus.disconnect();
  }
}

/** The keys in each database that has any: `db0:keys=5,...`. */
const keyspace = (port: number) => redisCli(port, 'INFO', 'keyspace');

test('a URL', () => basicStory(sharedRedis()));

describe('a server of its own', () => {
  let server: RedisServer;
  let socket: string;
  beforeAll(async () => {
    socket = join(dir, 'redis.sock');
    server = await RedisServer.start(['--unixsocket', socket]);
  });
  afterAll(() => server.stop());

  test('a database number keeps to its database', async () => {
    await basicStory(`${server.url}/3`);
    await basicStory({ host: '127.0.0.1', port: server.port, db: 5 });
    const used = await keyspace(server.port);
    expect(used).toMatch(/db3:keys=\d+/);
    expect(used).toMatch(/db5:keys=\d+/);
    expect(used).not.toMatch(/db0:/);
  });

  test('a database that there is not is an error, not database 0', async () => {
    expect(await failureOf(`${server.url}/99`)).toMatch(/DB index is out of range.*MR_REDIS_REPLY/);
    expect(await keyspace(server.port)).not.toMatch(/db0:/);
  });

  test('a Unix socket, as a path and in the long form', async () => {
    await basicStory(socket);
    await basicStory(`unix://${socket}`);
    await basicStory({ path: socket, db: 7 });
    expect(await keyspace(server.port)).toMatch(/db7:keys=\d+/);
    expect(await failureOf(join(dir, 'nothing.sock'))).toMatch(/nothing\.sock.*ENOENT.*MR_REDIS_UNAVAILABLE/);
  });
});

describe('a password', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start([
      '--requirepass',
      PASSWORD,
      '--user',
      'worker',
      'on',
      `>${PASSWORD}`,
      '~*',
      '+@all',
    ]);
  });
  afterAll(() => server.stop());

  const place = () => ({ host: '127.0.0.1', port: server.port });

  test('in a URL, in the long form, and from a file; with a user too', async () => {
    await basicStory(`redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}`);
    await basicStory({ ...place(), username: 'worker', passwordFile });
  });

  test('none or a wrong one is told at once, and is not shown', async () => {
    expect(await failureOf(server.url)).toMatch(/asks for a password.*MR_REDIS_AUTH/);
    const wrong = await failureOf({ ...place(), password: 'hunter2' });
    expect(wrong).toMatch(/refused the user name or password.*MR_REDIS_AUTH/);
    expect(wrong).not.toContain('hunter2');
    expect(await failureOf({ ...place(), passwordFile: join(dir, 'none') })).toMatch(
      /redis\.passwordFile: cannot read the file ".*none" \(ENOENT\).*MR_BAD_OPTION/,
    );
  });

  test('a file is read anew at each connect, so that a password can be changed', async () => {
    const renewed = join(dir, 'renewed');
    await writeFile(renewed, PASSWORD);
    const bus = new Communicator({
      ...{ run: 'renewed' },
      redis: { ...place(), username: 'worker', passwordFile: renewed },
    });
    try {
      await bus.set('name', 'before', 60_000);
      const admin = (...command: string[]) => redisCli(['-p', String(server.port), '-a', PASSWORD], ...command);
      await writeFile(renewed, 'another');
      await admin('ACL', 'SETUSER', 'worker', 'resetpass', '>another');
      await admin('CLIENT', 'KILL', 'USER', 'worker');
      expect(await bus.get('name')).toBe('before');
    } finally {
      bus.disconnect();
    }
  });
});

describe('TLS', () => {
  let authority: Authority;
  let server: RedisServer;
  let tlsPort: number;
  let client: { certFile: string; keyFile: string };

  beforeAll(async () => {
    authority = await makeAuthority();
    client = await authority.sign('client');
    const { certFile, keyFile } = await authority.sign('server');
    tlsPort = await freePort();
    server = await RedisServer.start([
      ...['--tls-port', String(tlsPort), '--tls-cert-file', certFile, '--tls-key-file', keyFile],
      ...['--tls-ca-cert-file', authority.caFile, '--tls-auth-clients', 'yes'],
    ]);
  });
  afterAll(() => server.stop());

  const place = () => ({ host: 'localhost', port: tlsPort });

  test('with an authority and a client certificate of its own', async () => {
    await basicStory({ ...place(), tls: { caFile: authority.caFile, ...client } });
  });

  test('what is wrong with the certificates is told at once', async () => {
    const { caFile } = authority;
    expect(await failureOf(`rediss://localhost:${tlsPort}`)).toMatch(/self-signed certificate.*MR_REDIS_TLS/);
    expect(await failureOf({ ...place(), tls: { caFile } })).toMatch(/certificate required.*MR_REDIS_TLS/s);
    expect(await failureOf({ ...place(), tls: { caFile, ...client, servername: 'elsewhere' } })).toMatch(
      /elsewhere.*MR_REDIS_TLS/,
    );
    const other = await (await makeAuthority()).sign('stranger');
    expect(await failureOf({ ...place(), tls: { caFile, ...other } })).toMatch(/MR_REDIS_TLS/);
    expect(await failureOf({ ...place(), tls: { caFile: `${caFile}.none` } })).toMatch(
      /redis\.tls\.caFile.*MR_BAD_OPTION/,
    );
  });
});
