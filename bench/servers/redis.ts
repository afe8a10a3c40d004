/** Redis, as it is by default or with what makes it safer. */
import { RedisServer, freePort, makeAuthority, until } from '@marblerun/test-support';
import { Redis } from 'ioredis';
import type { Server, ServerUse } from './server.js';

/** Settings that are safer than a Redis that writes nothing to disk. */
export type Safety = 'appendfsync everysec' | 'appendfsync always' | 'a replica' | 'TLS';

export const BASICS = ['--maxclients', '40000'];
const ARGS: Record<Exclude<Safety, 'TLS'>, readonly string[]> = {
  'appendfsync everysec': ['--appendonly', 'yes', '--appendfsync', 'everysec'],
  'appendfsync always': ['--appendonly', 'yes', '--appendfsync', 'always'],
  'a replica': ['--repl-diskless-sync-delay', '0'],
};

interface Start {
  readonly args?: readonly string[];
  readonly replica?: boolean;
  readonly url?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class BenchRedis implements Server {
  private constructor(
    readonly redis: Redis,
    readonly url: string,
    readonly env: Readonly<Record<string, string>>,
    private readonly servers: readonly RedisServer[],
  ) {}

  static async start(safety?: Safety): Promise<BenchRedis> {
    if (safety === 'TLS') return this.#start(await tls());
    return this.#start(safety ? { args: ARGS[safety], replica: safety === 'a replica' } : {});
  }

  static async #start({ args = [], replica = false, url, env = {} }: Start): Promise<BenchRedis> {
    const server = await RedisServer.start([...BASICS, ...args]);
    const servers = [server];
    if (replica) {
      const follower = await RedisServer.start([...BASICS, '--replicaof', '127.0.0.1', String(server.port)]);
      await until('the replica follows', () => follower.follows(server));
      servers.push(follower);
    }
    return new BenchRedis(new Redis(server.url), url ?? server.url, env, servers);
  }

  pids(): number[] {
    return this.servers.map(({ pid }) => pid!);
  }

  use(): Promise<ServerUse> {
    return useOf(this.redis);
  }

  clear(): Promise<void> {
    return empty(this.redis);
  }

  async stop(): Promise<void> {
    this.redis.disconnect();
    for (const server of this.servers) await server.stop();
  }
}

export async function useOf(redis: Redis): Promise<ServerUse> {
  const info = await redis.info('all');
  const figure = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  let [commands, scripts, scriptUs] = [0, 0, 0];
  for (const [, name, calls, us] of info.matchAll(/^cmdstat_(.*?):calls=(\d+),usec=(\d+)/gm)) {
    commands += Number(calls);
    if (!/^(eval|fcall)/.test(name!)) continue;
    scripts += Number(calls);
    scriptUs += Number(us);
  }
  return {
    cpuUs: (figure('used_cpu_sys') + figure('used_cpu_user')) * 1e6,
    commands,
    scripts,
    scriptUs,
    bytes: figure('total_net_input_bytes') + figure('total_net_output_bytes'),
    memory: figure('used_memory'),
  };
}

export async function empty(redis: Redis): Promise<void> {
  await redis.flushall('SYNC');
  await redis.script('FLUSH');
}

/** The bench itself looks on by the plain port; contestants connect by that of TLS, and trust its authority as the system's. */
async function tls(): Promise<Start> {
  const authority = await makeAuthority();
  const { certFile, keyFile } = await authority.sign('redis');
  const port = String(await freePort());
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', authority.caFile];
  return {
    args: ['--tls-port', port, '--tls-auth-clients', 'no', ...files],
    url: `rediss://127.0.0.1:${port}`,
    env: { NODE_EXTRA_CA_CERTS: authority.caFile },
  };
}
