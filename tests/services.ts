/**
 * The services as processes of a test. They resolve when they are live; they may be ready later.
 */
import { ServiceProgram, type ServiceKind } from '@marblerun/test-support';

export interface ServiceProcess {
  readonly program: ServiceProgram;
  readonly url: string;
}

export const startMonitor = (env: Record<string, string>) => start('monitor', { MARBLERUN_SWEEP_MS: '50', ...env });

export const startElevator = (env: Record<string, string>) => start('elevator', { MARBLERUN_POLL_MS: '20', ...env });

async function start(kind: ServiceKind, env: Record<string, string>): Promise<ServiceProcess> {
  const program = new ServiceProgram(kind, { env });
  return { program, url: await program.url() };
}
