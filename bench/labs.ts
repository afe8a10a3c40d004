/** The labs of a bench: one for each kind of server and setting, started when it is first needed. */
import type { Contestant } from './contestants/contestant.js';
import { Lab } from './lab.js';
import { missing } from './servers/index.js';
import type { Workload } from './workloads/workload.js';

export class Labs {
  readonly #labs = new Map<string, Lab>();
  /** Contestants whose server is not on this machine, and why. */
  readonly leftOut = new Map<string, string>();

  /** True where the server of a contestant is there; else it is noted as left out. */
  has({ name, server = 'redis' }: Contestant): boolean {
    const why = missing(server);
    if (why) this.leftOut.set(name, why);
    return why === undefined;
  }

  async of(contestant: Contestant, { safety, server = contestant.server ?? 'redis' }: Workload): Promise<Lab> {
    const key = `${server} ${safety ?? ''}`;
    const lab = this.#labs.get(key) ?? (await Lab.start(server, safety));
    this.#labs.set(key, lab);
    return lab;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#labs.values()].map((lab) => lab.stop()));
  }
}
