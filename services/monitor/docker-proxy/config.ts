/**
 * The settings of the proxy in front of a Docker engine, read from its environment.
 */
import { isAbsolute } from 'node:path';
import { commonVariables, readEnvironment } from '@marblerun/service';
import { z } from 'zod';

/** Each opens what those before it do, and more. */
export const LEVELS = ['reads', 'restart', 'scale'] as const;
export type Level = (typeof LEVELS)[number];

const path = z.string().refine(isAbsolute, 'must be the absolute path of a Unix socket');

export const proxyVariables = z.object({
  MARBLERUN_PROXY_SOCKET: path
    .default('/run/marblerun/docker.sock')
    .describe('socket to listen on; whoever may write to it may ask what `MARBLERUN_PROXY_ALLOW` opens'),
  MARBLERUN_PROXY_ENGINE: path.default('/var/run/docker.sock').describe('socket of the Docker engine'),
  MARBLERUN_PROXY_ALLOW: z
    .enum(LEVELS)
    .default('reads')
    .describe(
      'what is let through, of containers with the label `marblerun.run` only: `reads` (events and listings), `restart` (and restarts), `scale` (and all that is needed to make more of them, start, stop and remove them)',
    ),
  MARBLERUN_LOG_LEVEL: commonVariables.MARBLERUN_LOG_LEVEL,
});

export interface ProxyConfig {
  readonly socket: string;
  readonly engine: string;
  readonly allow: Level;
  readonly logLevel: string;
}

/** Reads the settings. Throws MR_BAD_CONFIG. */
export function readProxyConfig(env: NodeJS.ProcessEnv = process.env): ProxyConfig {
  const variables = readEnvironment(proxyVariables, env);
  return {
    socket: variables.MARBLERUN_PROXY_SOCKET,
    engine: variables.MARBLERUN_PROXY_ENGINE,
    allow: variables.MARBLERUN_PROXY_ALLOW,
    logLevel: variables.MARBLERUN_LOG_LEVEL,
  };
}
