/** The cost of a Monitor beside a run that has nothing to do, over what the run costs without it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { keysOf } from '@marblerun/internal';
import { Program, until } from '@marblerun/test-support';
import { cpuUsOf } from '../servers/cpu.js';
import type { Prepare } from './scaling.js';
import type { Workload } from './workload.js';

const MONITOR = fileURLToPath(new URL('../../../services/monitor/dist/main.js', import.meta.url));
/** Its first looks, and the compiler, are over. */
const SETTLE_MS = 2000;

export interface MonitorOptions {
  readonly name: string;
  readonly seconds: number;
  readonly prepare?: Prepare;
}

export function monitor({ name, seconds, prepare }: MonitorOptions): Workload {
  return {
    name,
    contestants: ['MarbleRun'],
    mostRounds: 1,
    async measure(lab, { name: contestant }) {
      await prepare?.(lab, contestant);
      const without = await lab.cost([], () => sleep(seconds * 1000));
      const program = new Program(MONITOR, {
        env: { MARBLERUN_REDIS: lab.url, MARBLERUN_PORT: '0', MARBLERUN_LOG_LEVEL: 'warn' },
      });
      try {
        await until('a Monitor watches', async () => (await lab.redis.zcard(keysOf('main').monitors)) > 0);
        await sleep(SETTLE_MS);
        const before = cpuUsOf(program.pid);
        const withIt = await lab.cost([], () => sleep(seconds * 1000));
        const nodeCpuUs = cpuUsOf(program.pid) - before;
        return {
          serverCpuShare: 100 * (withIt.serverCpuUs / withIt.us - without.serverCpuUs / without.us),
          nodeCpuShare: (100 * nodeCpuUs) / withIt.us,
          commandsPerSecond: 1e6 * (withIt.commands / withIt.us - without.commands / without.us),
        };
      } finally {
        await program.kill();
      }
    },
  };
}
