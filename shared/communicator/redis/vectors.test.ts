/** docs/protocol-vectors.json is what this implementation does. Other languages check themselves with it. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { decodeEnvelope, encodeEnvelope } from '../data/envelope.js';
import type { Header } from '../data/header.js';
import { checkName, keysOf } from './keys.js';
import { fingerprintOf } from '../lane/lane.js';
import { expanded } from './scripts.js';

interface Vectors {
  readonly envelopes: readonly { note: string; bytes: string; decoded: Header & { data: string } }[];
  readonly notEnvelopes: readonly string[];
  readonly names: Record<'run' | 'lane' | 'queue' | 'id', { allowed: string[]; refused: string[] }>;
  readonly keys: readonly { run: string; parts: [string, ...string[]]; key: string }[];
  readonly fingerprints: readonly { entries: string[]; fingerprint: string }[];
  readonly scripts: readonly { files: Record<string, string>; name: string; flags: string; text: string }[];
}

const file = new URL('../../../../docs/protocol-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

test.each(vectors.envelopes)('envelope: $note', ({ bytes, decoded }) => {
  const { data, ...header } = decodeEnvelope(Buffer.from(bytes));
  expect({ ...header, data: data.toString() }).toEqual(decoded);
  // A sender writes no failures, and no words that it does not know.
  if (!/ (f=|z=)/.test(bytes)) expect(String(encodeEnvelope(header, data))).toBe(bytes);
});

test.each(vectors.notEnvelopes)('%j is no envelope', (text) => {
  expect(() => decodeEnvelope(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'MR_DATA_UNREADABLE' }));
});

test.each(Object.keys(vectors.names) as (keyof Vectors['names'])[])('names: %s', (kind) => {
  for (const name of vectors.names[kind].allowed) expect(checkName(kind, name)).toBe(name);
  for (const name of vectors.names[kind].refused) expect(() => checkName(kind, name)).toThrow('MR_BAD_NAME');
});

test('every key is there, under its name', () => {
  const { searched, ...named } = keysOf('main');
  expect(searched).toContain('*'); // a pattern, not a key
  const known = Object.values(named).flatMap((key) => (typeof key === 'function' ? key('1', '2') : key));
  const kinds = (key: string) => key.replace(/^mr:\{main\}:/, '').split(':')[0]!;
  const told = new Set(vectors.keys.map(({ key }) => kinds(key)));
  expect([...new Set(known.map(kinds))].filter((kind) => kind !== '' && !told.has(kind))).toEqual([]);
  const keys = keysOf('main');
  const made: Record<string, (first: string, second: string) => string> = {
    q: keys.queue,
    up: keys.outbox,
    wake: keys.wake,
    holder: keys.holder,
    held: keys.held,
    inbox: keys.inbox,
    sender: keys.sender,
    data: keys.data,
    trial: keys.trial,
    lane: (lane, transit) => (transit === 'transit' ? keys.transit(lane) : keys.lane(lane)),
    value: keys.value,
  };
  for (const { parts, key } of vectors.keys) {
    const [name, first = '', second = ''] = parts;
    expect(made[name]?.(first, second) ?? keys[name as 'later']).toBe(key);
  }
});

test.each(vectors.fingerprints)('fingerprint of $entries', ({ entries, fingerprint }) => {
  expect(fingerprintOf(entries.map((entry) => Buffer.from(entry)))).toBe(fingerprint);
});

test.each(vectors.scripts)('the text of a script: $name', ({ files, name, flags, text }) => {
  expect(expanded(name, flags, (file) => files[file]!)).toBe(text);
});
