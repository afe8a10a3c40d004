#!/usr/bin/env node
/**
 * A proxy in front of the socket of a Docker engine, for a Monitor that is to know what happens to containers and may
 * not be root on their host (docs/SECURITY.md). Its environment configures it (docs/CONFIGURATION.md).
 */
import { configured, createLogger } from '@marblerun/service';
import { readProxyConfig, type ProxyConfig } from './config.js';
import { DockerProxy } from './proxy.js';

const config = configured(() => readProxyConfig());
if (config) await run(config);

async function run(settings: ProxyConfig): Promise<void> {
  const { socket, engine, allow, logLevel } = settings;
  const log = createLogger('docker-proxy', logLevel);
  const proxy = new DockerProxy(settings, log);
  await proxy.start();
  log.info({ socket, engine, allow }, 'listening');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stops');
      void proxy.stop();
    });
  }
}
