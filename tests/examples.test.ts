/**
 * Every example, played as a person plays it: a program of its own that sets its own stage. It shows what its head
 * promises, and none of its processes is left.
 */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { Program, until } from '@marblerun/test-support';

const EXAMPLE = fileURLToPath(new URL('../../examples/dist/example.js', import.meta.url));
const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
/** The folder where the examples of batches leave their output. */
const MADE = fileURLToPath(new URL('../../.demo', import.meta.url));
const LONG_MS = 240_000;

async function play(name: string): Promise<(by: string) => string[]> {
  const example = new Program(EXAMPLE, { args: [name, '--redis', 'local'], leader: true });
  const { code } = await example.exited;
  const output = [...example.lines, ...example.errors].join('\n');
  expect({ code, output, left: example.groupRunning }).toEqual({ code: 0, output, left: false });
  return (by) =>
    example.lines.filter((line) => line.startsWith(`${by} `)).map((line) => line.replace(/^[^|:]*[|:] /, ''));
}

const loop = [
  'Test Data: 0',
  'Test Data: 1',
  'Test Data: 2',
  'Test Data: 3',
  'This data is at the front of the queue!',
  'Test Data: 4',
  'This data is at the back of the queue!',
];

test.each(['monitored', 'unmonitored'])(
  '%s: the loop shows its marbles in order, the higher run what was elevated',
  async (name) => {
    const said = await play(name);
    expect(said('lower worker')).toEqual(loop);
    expect(said('higher worker')).toEqual(['sending this to a higher run!']);
  },
  LONG_MS,
);

test(
  'verbs: each verb of the Communicator does what it says',
  async () => {
    const said = await play('verbs');
    expect(said('verbs')).toEqual([
      'push: three marbles wait',
      'dump: "one", "two", "three"',
      'pop: "one" is taken for good',
      'transfer: 1 moved to another queue',
      'show: other-verbs has 1',
      'show: verbs has 1',
      'set, get: hello',
      'destroy: 1 and 1 deleted',
    ]);
  },
  LONG_MS,
);

test(
  'unfinished: the marble comes back with its attempt raised, then it is dead',
  async () => {
    const said = await play('unfinished');
    const lines = said('worker');
    const attempts = lines.filter((line) => line.startsWith('Test Data'));
    expect(attempts).toEqual([1, 2, 3].map((attempt) => `Test Data: 0, attempt ${attempt}`));
    expect(lines.filter((line) => line.includes('MR_ABANDONED'))).toHaveLength(1); // it is said only once
    expect(said('main monitor').filter((line) => /returned 1/.test(line))).toHaveLength(2);
    expect(said('--------------').at(-1)).toMatch(/^dead in main: "Test Data: 0" after 3 attempts, .*"abandoned"/);
  },
  LONG_MS,
);

test(
  'one node, one bus: every number comes out with its factors, in order',
  async () => {
    const said = await play('one-node');
    expect(said('worker')).toEqual(['91', '1001', '65537', '999999'].map((number) => `${number} is begun`));
    expect(said('collect')).toEqual(
      ['91 = 7 x 13', '1001 = 7 x 11 x 13', '65537 = 65537', '999999 = 3 x 3 x 3 x 7 x 11 x 13 x 37'].map(
        (answer) => `${answer}, by worker`,
      ),
    );
  },
  LONG_MS,
);

test(
  'many nodes, one bus: a node is killed, and every number still has exactly one answer',
  async () => {
    const said = await play('many-nodes');
    expect(said('node-1')[0]).toBe('1000036000099 is begun');
    expect(said('main monitor').join()).toMatch(/brought dropped marbles back, returned [1-9]/);
    const answers = said('collect').map((line) => line.replace(/, by node-[123]$/, ''));
    expect(answers.sort()).toEqual([
      '100000980001501 = 10000019 x 10000079',
      '1000036000099 = 1000003 x 1000033',
      '1001 = 7 x 11 x 13',
      '65537 = 65537',
      '900015360000511 = 30000001 x 30000511',
      '9007195909437503 = 94906247 x 94906249',
      '91 = 7 x 13',
      '999999 = 3 x 3 x 3 x 7 x 11 x 13 x 37',
    ]);
  },
  LONG_MS,
);

test(
  'hub and spokes: large numbers are factored by the hub and come home to the spoke that asked',
  async () => {
    const said = await play('hub-and-spokes');
    expect(said('north worker').filter((line) => /for others/.test(line))).toHaveLength(2);
    expect(said('hub worker')).toHaveLength(4);
    expect(
      said('north')
        .filter((line) => line.includes('='))
        .sort(),
    ).toEqual([
      '100000980001501 = 10000019 x 10000079, by hub',
      '1000036000099 = 1000003 x 1000033, by hub',
      '1001 = 7 x 11 x 13, by north',
      '91 = 7 x 13, by north',
    ]);
    expect(
      said('south')
        .filter((line) => line.includes('='))
        .sort(),
    ).toEqual([
      '65537 = 65537, by south',
      '900015360000511 = 30000001 x 30000511, by hub',
      '9007195909437503 = 94906247 x 94906249, by hub',
      '999999 = 3 x 3 x 3 x 7 x 11 x 13 x 37, by south',
    ]);
  },
  LONG_MS,
);

test(
  'mesh: each side does what the other cannot, and what nobody can do ends among the dead',
  async () => {
    const said = await play('mesh');
    const answers = (side: string) => said(side).filter((line) => line.includes('='));
    expect(answers('east').sort()).toEqual(['1000036000099 = 1000003 x 1000033, by west', '91 = 7 x 13, by east']);
    expect(answers('west').sort()).toEqual([
      '100000980001501 = 10000019 x 10000079, by west',
      '1001 = 7 x 11 x 13, by east',
    ]);
    expect(said('--------------').at(-1)).toMatch(
      /^dead in west: \{"number":1,"home":"east"\} after 9 hops, .*"hop limit"/,
    );
  },
  LONG_MS,
);

test(
  'chain: numbers climb as far as they must, and every answer comes home',
  async () => {
    const said = await play('chain');
    expect(said('collect').sort()).toEqual([
      '1000036000099 = 1000003 x 1000033, by centre',
      '91 = 7 x 13, by field',
      '999999 = 3 x 3 x 3 x 7 x 11 x 13 x 37, by site',
    ]);
  },
  LONG_MS,
);

test(
  'process a folder: every file is compressed, progress goes up to the end, and one report says so',
  async () => {
    const said = await play('process-folder');
    const names = (await readdir(DOCS, { withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
    expect(names.length).toBeGreaterThan(10);
    const [first, last] = [said('sender')[0], said('sender').at(-1)];
    expect([first, last]).toEqual([`0 of ${names.length} files`, `${names.length} of ${names.length} files`]);
    expect(said('worker')).toEqual([`${DOCS}: ${names.length} of ${names.length} files are compressed, 0 dead`]);
    expect((await readdir(`${MADE}/compressed`)).sort()).toEqual(names.map((name) => `${name}.gz`).sort());
    for (const name of names) {
      const packed = await readFile(`${MADE}/compressed/${name}.gz`);
      expect(gunzipSync(packed).equals(await readFile(`${DOCS}/${name}`))).toBe(true);
    }
  },
  LONG_MS,
);

test(
  'resume a crashed import: each row is sent once, though the first sender was killed in the middle',
  async () => {
    const said = await play('resume-import');
    const before = said('first sender').length * 20;
    expect(said('first sender').slice(0, 5).at(-1)).toBe('100 rows are sent');
    const [resumed, ...rest] = said('next sender');
    const from = Number(/^goes on from row (\d+)$/.exec(resumed!)?.[1]);
    expect(from).toBeGreaterThanOrEqual(before); // the page in which it was killed may have been sent, and not reported
    expect(from).toBeLessThan(600);
    expect(rest).toHaveLength((600 - from) / 20);
    expect(said('worker')).toEqual(['nightly: 600 of 600 rows are imported, 600 sent, 0 dead']);
    expect(said('last sender')).toEqual(['goes on from row 600']);
    const rows = await readdir(`${MADE}/imported`);
    expect(rows.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, id) => id));
  },
  LONG_MS,
);

test(
  'fan out and join: each scene is joined when its frames are there, the film when its scenes are',
  async () => {
    const said = await play('fan-out');
    expect(said('sender')).toEqual(['12 frames are sent', 'all scenes are joined']);
    const joined = said('worker');
    expect(joined.slice(0, 3).sort()).toEqual([1, 2, 3].map((scene) => `scene ${scene} is joined from 4 frames`));
    expect(joined.slice(3)).toEqual(['the film is joined from 3 scenes']);
    const frames = [1, 2, 3].flatMap((scene) => [1, 2, 3, 4].map((frame) => `scene ${scene}, frame ${frame}\n`));
    expect(await readFile(`${MADE}/film/film`, 'utf8')).toBe(frames.join(''));
  },
  LONG_MS,
);

test('without a name it lists them all; a wrong one is named, and so is what is allowed', async () => {
  const list = new Program(EXAMPLE);
  expect(await list.exited).toEqual({ code: 0, signal: null });
  const names = list.lines.map((line) => line.trim().split(' ')[0]);
  expect(names).toEqual(expect.arrayContaining(['monitored', 'hub-and-spokes', 'checksums']));

  const wrong = new Program(EXAMPLE, { args: ['monitord'] });
  expect((await wrong.exited).code).toBe(64);
  expect(wrong.errors[0]).toBe('there is no example "monitord"');

  const badRedis = new Program(EXAMPLE, { args: ['monitored', '--redis', 'moon'] });
  expect((await badRedis.exited).code).toBe(64);
  expect(badRedis.errors[0]).toBe('--redis: "moon" is not allowed');
});

test(
  'Ctrl-C in the middle leaves nothing behind',
  async () => {
    const example = new Program(EXAMPLE, { args: ['checksums', '--redis', 'local'], leader: true });
    await until('the job runs', () => example.errors.some((line) => /of \d+ files/.test(line)), {
      deadlineMs: LONG_MS,
    });
    example.signalGroup('SIGINT');
    expect(await example.exited).toEqual({ code: 130, signal: null });
    await until('all its processes are gone', () => !example.groupRunning);
  },
  LONG_MS,
);
