/**
 * Marbles through every overlay: they are sent at each entry, some small, some to be elevated. Each is worked on once,
 * and nothing of them is left anywhere.
 */
import { afterEach, expect, test } from '@jest/globals';
import { redisCli, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { story } from '../story.js';
import { instructions, play } from './instructions.js';
import { LocalCluster } from './local-cluster.js';
import { whyNoKubectl } from './render.js';

/** The commands that an operator gives to a Redis of his own, as docs/SECURITY.md has them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'overlays/external-redis':
    'monitor monitor main upper\nworker worker main\nupper-worker worker upper\nelevator worker main upper\nadmin admin',
};
/** Numbers over 1000 are elevated where workers elevate. */
const NUMBERS = [2, 3, 2000, 3000];
/** The keys in which marbles may lie: none has any left when all is done. */
const PLACES = /:(q|up|held|inbox):|:(later|dead|deadlines|transit)$/;

let cluster: LocalCluster | undefined;
afterEach(() => cluster?.remove());

/** Takes all results from the ends, each once. */
async function results(ends: readonly Marble[]): Promise<number[]> {
  const found: number[] = [];
  await until('every marble has its result', async () => {
    for (const end of ends)
      for (let result; (result = (await end.check('results')) as { n: number } | undefined);) found.push(result.n);
    return found.length >= NUMBERS.length * ends.length;
  });
  return found.sort((a, b) => a - b);
}

story('every overlay', whyNoKubectl(), () => {
  test.each([...instructions()])(
    'k8s/%s: a marble from each entry is finished, and none is left',
    async (folder, commands) => {
      cluster = new LocalCluster(play(commands));
      await cluster.start(ELSEWHERE[folder]);
      const { entries, admins } = cluster;
      expect(entries.length).toBeGreaterThanOrEqual(2);
      const ends = entries.map(({ redis, run }) => new Marble({ redis, run, monitored: false }));
      try {
        await Promise.all(
          ends.map((end) =>
            end.sendMany(
              'tasks',
              NUMBERS.map((n) => ({ n })),
            ),
          ),
        );
        expect(await results(ends)).toEqual(NUMBERS.flatMap((n) => ends.map(() => n)));
        expect(await cluster.stop()).toEqual([]);
      } finally {
        await Promise.all(ends.map((end) => end.close()));
      }
      for (const url of admins) {
        const keys = (await redisCli(['-u', url], 'KEYS', '*')).split('\n');
        expect(keys).not.toEqual(['']);
        expect(keys.filter((key) => PLACES.test(key))).toEqual([]);
      }
    },
  );
});
