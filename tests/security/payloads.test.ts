import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { freshBus, redisCli, until } from '@marblerun/test-support';
import { Marble, isMarbleRunError } from 'marblerun';
import { keysOf } from '@marblerun/internal';
import { decodeEnvelope, encodeEnvelope } from 'marblerun/communicator';
import { startServices, type Services } from './services.js';

const bus = freshBus();
const marble = new Marble({ ...bus, maxAttempts: 1 });
let services: Services;
beforeAll(async () => {
  services = await startServices({}, bus);
});
afterAll(() => Promise.all([marble.close(), services.stop()]));

const POLLUTING =
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":{"__proto__":{"polluted":1}}}';
const clean = () => expect(({} as { polluted?: unknown }).polluted).toBeUndefined();

test('a payload with __proto__ arrives as it was sent and changes nothing else', async () => {
  const data = JSON.parse(POLLUTING) as object;
  await marble.send('proto', data);
  const got = await marble.wait('proto');
  expect(JSON.stringify(got)).toBe(POLLUTING);
  expect(Object.keys(got as object)).toContain('__proto__');
  clean();
  await marble.fail(Object.assign(new Error('x'), JSON.parse('{"__proto__":{"polluted":1}}')));
  const { dead } = (await (await services.get('monitor', `/api/runs/${bus.run}/dead`)).json()) as {
    dead: { data: string }[];
  };
  expect(dead[0]?.data).toBe(POLLUTING);
  clean();
});

test('a header whose letters are those of Object.prototype changes nothing', () => {
  const letters = ['__proto__=1', 'c=constructor', 'toString=1', 'm=__proto__', 'b=__proto__'];
  const kind = Object.getPrototypeOf(decodeEnvelope(Buffer.from('id 0 0 j\n1'))) as object;
  const envelope = decodeEnvelope(Buffer.from(`id 0 0 j ${letters.join(' ')}\n1`));
  expect(Object.getPrototypeOf(envelope)).toBe(kind);
  expect(Object.getPrototypeOf(kind)).toBe(Object.prototype);
  expect(Object.getOwnPropertyNames(kind)).toEqual(['constructor']);
  expect(envelope.batch).toBe('__proto__');
  clean();
});

test('any bytes are an envelope or MR_DATA_UNREADABLE, never anything else', () => {
  const word = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('', '0', '-1', '1e9', 'j', 'b', 'c', 'm=', 'f=', 'h=x', '=', '\0'),
  );
  const likely = fc
    .tuple(fc.array(word, { maxLength: 9 }), fc.string())
    .map(([words, data]) => Buffer.from(`${words.join(' ')}\n${data}`));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        likely,
      ),
      (bytes) => {
        try {
          const { attempt, sentAt, maxAttempts = 0, hops = 0, data } = decodeEnvelope(bytes);
          for (const n of [attempt, sentAt, maxAttempts, hops]) expect(Number.isSafeInteger(n) && n >= 0).toBe(true);
          expect(bytes.subarray(bytes.length - data.length).equals(data)).toBe(true);
        } catch (error) {
          expect(isMarbleRunError(error, 'MR_DATA_UNREADABLE')).toBe(true);
        }
      },
    ),
    { numRuns: 20_000 },
  );
});

test('what strangers have put into Redis, as marbles and as reports of holders, can be shown', async () => {
  const lines = [
    'no envelope',
    'x 0 !! j\n1',
    'x 99999999999999999999 0 j\n1',
    'x 0 0 j h=x m=y l=z f={\n1',
    'x 0 0 b b=\xff f=7\n\xff',
  ];
  const before = (await marbles()).total;
  for (const line of lines) await redisCli(['-u', bus.redis], 'LPUSH', keysOf(bus.run).queue('strange'), line);
  const worker = marble.work('strange', () => Promise.reject(new Error('as asked')), { onError: () => undefined });
  await until('all are dead', async () => (await marbles()).total === before + lines.length);
  await worker.stop();
  for (const path of ['queues', 'holders', 'dead'])
    expect([path, (await services.get('monitor', `/api/runs/${bus.run}/${path}`)).status]).toEqual([path, 200]);
});

async function marbles(): Promise<{ total: number }> {
  return (await (await services.get('monitor', `/api/runs/${bus.run}/dead`)).json()) as { total: number };
}

test('what is encoded is decoded to the same', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9._:/-]{1,128}$/);
  const header = fc.record(
    {
      id: name,
      attempt: fc.nat(),
      sentAt: fc.nat(2 ** 42),
      type: fc.constantFrom('j', 'b', 'c'),
      batch: name,
      origin: name,
      hops: fc.nat(),
      maxAttempts: fc.nat(),
    },
    { requiredKeys: ['id', 'attempt', 'sentAt', 'type'] },
  );
  fc.assert(
    fc.property(header, fc.uint8Array(), (given, bytes) => {
      const decoded = decodeEnvelope(encodeEnvelope(given, Buffer.from(bytes)) as Buffer);
      expect(decoded).toMatchObject(given);
      expect(decoded.data.equals(Buffer.from(bytes))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
