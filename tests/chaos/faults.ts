/**
 * Faults of the nemesis. Each strikes, and says for how long it keeps things from working (ms, from
 * the strike); what has to be undone is undone when that time is over.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Link, Direction } from '@marblerun/test-support';
import { GONE_MS, LEASE_MS } from './plan.js';
import type { Random } from './random.js';
import type { Part, Side, Stage } from './stage.js';

export interface Fault {
  readonly kind: string;
  /** How often it is drawn, beside the others of its table. */
  readonly weight: number;
  /** Begins it; the promise is over when it is. `ms`: for how long at the most. */
  readonly strike: (stage: Stage, random: Random) => { readonly ms: number; readonly over: Promise<unknown> };
}

const REBOOT_MS = 3000;
const at = (ms: number, undo: () => unknown) => ({ ms, over: sleep(ms).then(undo) });
const now = (done: Promise<unknown> | undefined) => ({ ms: 1000, over: Promise.resolve(done) });
const DIRECTIONS: readonly Direction[] = ['up', 'down'];

function onLink(work: (link: Link, random: Random) => number): Fault['strike'] {
  return (stage, random) => {
    const links = [...random.pick(stage.sides).proxy.links];
    const ms = links.length > 0 ? work(random.pick(links), random) : 0;
    return { ms: ms + 1000, over: Promise.resolve() };
  };
}

function onPart(kinds: readonly Part['kind'][], work: (part: Part, random: Random) => ReturnType<Fault['strike']>) {
  return (stage: Stage, random: Random) => {
    const part = random.pick(stage.parts.filter(({ kind }) => kinds.includes(kind)));
    return work(part, random);
  };
}

const kill = (kind: Part['kind'], weight: number): Fault => ({
  kind: `kill -9 ${kind}`,
  weight,
  strike: onPart([kind], ({ program }) => ({ ms: LEASE_MS + REBOOT_MS, over: program.kill() })),
});

function onRedis(work: (side: Side, random: Random) => ReturnType<Fault['strike']>): Fault['strike'] {
  return (stage, random) => work(random.pick(stage.sides), random);
}

/** Small ones, many a second. */
export const LIGHT: readonly Fault[] = [
  { kind: 'link cut', weight: 6, strike: onLink((link) => (link.cut(), 0)) },
  {
    kind: 'link slow',
    weight: 3,
    strike: onLink((link, random) => (link.delay(random.pick(DIRECTIONS), random.whole(5, 200)), 0)),
  },
  {
    kind: 'link stalled (black hole)',
    weight: 3,
    strike: onLink((link, random) => {
      const ms = random.whole(200, 3000);
      link.stall(random.pick(DIRECTIONS), ms);
      return ms;
    }),
  },
  {
    kind: 'half-open',
    weight: 4,
    strike: onLink((link, random) => {
      const ms = random.whole(200, 3000);
      link.halfOpen(random.pick(['client', 'server']), ms);
      return ms;
    }),
  },
  {
    kind: 'cut, then delivered late',
    weight: 4,
    strike: onLink((link, random) => {
      const ms = random.whole(100, 1500);
      link.deliverLate(ms);
      return ms;
    }),
  },
  {
    kind: 'all replies lost',
    weight: 1,
    strike: onRedis(({ proxy }, random) => {
      const ms = random.whole(30, 200);
      const links = [...proxy.links];
      for (const link of links) link.stall('down', 2 * ms + 1000);
      return at(ms, () => links.forEach((link) => link.cut()));
    }),
  },
  { kind: 'CLIENT KILL one', weight: 3, strike: onRedis(({ hand }, random) => now(killOne(hand, random))) },
  {
    kind: 'CLIENT KILL all',
    weight: 1,
    strike: onRedis(({ hand }) => now(hand.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'))),
  },
  { kind: 'SCRIPT FLUSH', weight: 3, strike: onRedis(({ hand }) => now(hand.script('FLUSH'))) },
];

async function killOne(hand: Side['hand'], random: Random): Promise<void> {
  const list = (await hand.client('LIST')) as string;
  const ids = [...list.matchAll(/^id=(\d+) .*name= /gm)].map((found) => found[1]!);
  if (ids.length > 0) await hand.call('CLIENT', 'KILL', 'ID', random.pick(ids), 'SKIPME', 'yes');
}

/** Great ones, one after the other. */
export const HEAVY: readonly Fault[] = [
  kill('worker', 5),
  kill('producer', 2),
  kill('monitor', 2),
  kill('elevator', 3),
  {
    kind: 'SIGSTOP past the lease',
    weight: 4,
    strike: onPart(['worker', 'monitor', 'elevator'], ({ program }, random) => {
      program.signal('SIGSTOP');
      return at(random.whole(LEASE_MS, 2 * LEASE_MS), () => program.signal('SIGCONT'));
    }),
  },
  {
    kind: 'event loop blocked',
    weight: 3,
    strike: onPart(['worker'], ({ program }) => {
      program.signal('SIGUSR2');
      return at(LEASE_MS * 1.5, () => undefined);
    }),
  },
  {
    kind: 'Redis kill -9, restarted',
    weight: 3,
    strike: onRedis(({ server }, random) => ({
      ms: REBOOT_MS,
      over: server.kill().then(async () => {
        await sleep(random.whole(0, 800));
        await server.restart();
      }),
    })),
  },
  {
    kind: 'Redis SIGSTOP',
    weight: 1,
    strike: onRedis(({ server }, random) => {
      server.signal('SIGSTOP');
      return at(random.whole(200, 2000), () => server.signal('SIGCONT'));
    }),
  },
  {
    kind: 'Redis full',
    weight: 2,
    strike: onRedis(({ hand }, random) => {
      void hand.config('SET', 'maxmemory', '1');
      return at(random.whole(300, 2000), () => hand.config('SET', 'maxmemory', '0'));
    }),
  },
  {
    kind: 'CLIENT PAUSE',
    weight: 2,
    strike: onRedis(({ hand }, random) => {
      const ms = random.whole(200, 2000);
      void hand.call('CLIENT', 'PAUSE', ms, random.pick(['ALL', 'WRITE']));
      return at(ms, () => undefined);
    }),
  },
  {
    kind: 'DEBUG SLEEP',
    weight: 2,
    strike: onRedis(({ hand }, random) => {
      const ms = random.whole(100, 1500);
      return { ms, over: hand.call('DEBUG', 'SLEEP', String(ms / 1000)) };
    }),
  },
  {
    kind: 'cut, with no way back for a while',
    weight: 3,
    strike: onRedis(({ proxy }, random) => {
      const ms = random.pick([0.5, 1, 2]) * GONE_MS + random.whole(-100, 100);
      proxy.refuse(ms);
      return at(ms, () => undefined);
    }),
  },
  {
    kind: 'nothing passes',
    weight: 2,
    strike: onRedis(({ proxy }, random) => {
      const ms = random.whole(200, 2500);
      proxy.stall(random.pick(DIRECTIONS), ms);
      return at(ms, () => undefined);
    }),
  },
];

/** In calm weather: what Monitors are for, with nothing that keeps them from it. */
export const CALM: readonly Fault[] = [
  kill('worker', 2),
  HEAVY.find(({ kind }) => kind === 'SIGSTOP past the lease')!,
].map((fault) =>
  fault.kind.startsWith('SIGSTOP')
    ? {
        ...fault,
        strike: onPart(['worker'], ({ program }) => {
          program.signal('SIGSTOP');
          return at(2 * LEASE_MS, () => program.signal('SIGCONT'));
        }),
      }
    : fault,
);
