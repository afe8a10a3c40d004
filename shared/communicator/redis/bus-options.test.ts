import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { BUS_DEFAULTS, LINK_DEFAULTS } from './bus-options.js';

/** Each option with what its doc comment says of its default. */
const source = readFileSync(new URL('../../../communicator/redis/bus-options.ts', import.meta.url), 'utf8');
const told = [...source.matchAll(/Default (`[^`]+`|[\d,]+|true|false)[^]*?readonly (\w+)\?:/g)].map(
  ([, value, name]) => {
    const text = value!.replace(/[`,]/g, '');
    return [name, value!.startsWith('`') ? text : (JSON.parse(text) as unknown)];
  },
);

test('each option has a default, which is the one that its comment tells', () => {
  expect(Object.fromEntries(told)).toEqual(BUS_DEFAULTS);
});

test('nobody can change the defaults of all others', () => {
  expect([Object.isFrozen(BUS_DEFAULTS), Object.isFrozen(LINK_DEFAULTS)]).toEqual([true, true]);
  expect(LINK_DEFAULTS).toEqual({ ...BUS_DEFAULTS, mostPauseMs: 1000 });
});
