import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Troubles } from './troubles.js';

interface Line {
  readonly msg: string;
  readonly loop?: string;
  readonly loops?: readonly string[];
  readonly tries?: number;
}

function written(level = 'info') {
  const lines: Line[] = [];
  const write = (chunk: Buffer, _encoding: string, done: () => void) => {
    lines.push(JSON.parse(String(chunk)) as Line);
    done();
  };
  return { lines, troubles: new Troubles(pino({ level }, new Writable({ write }))) };
}
const said = (lines: readonly Line[]) => lines.map(({ msg }) => msg);
const [a, b] = [{ name: 'a' }, { name: 'b' }];
const away = (state: string) => new Error(`redis: no answer from h:1 for 5 ms (${state})`);

test('many loops that meet one trouble again and again are one line, and one when the last is out of it', () => {
  const { lines, troubles } = written();
  for (const state of ['ECONNREFUSED', 'LOADING', 'ECONNRESET'])
    for (const loop of [a, b]) troubles.failed(loop, away(state));
  troubles.succeeded(a);
  expect(said(lines)).toEqual(['failed; tries again']);
  troubles.succeeded(b);
  troubles.succeeded(b);
  expect(said(lines)).toEqual(['failed; tries again', 'works again']);
  expect(lines[1]).toMatchObject({ trouble: 'redis: no answer from h:1 for 5 ms', loops: ['a', 'b'], tries: 6 });
});

test('another trouble is another line; it ends the one before for its loop', () => {
  const { lines, troubles } = written();
  troubles.failed(a, away('x'));
  troubles.failed(b, new Error('no list'));
  troubles.failed(a, new Error('no list'));
  expect(said(lines)).toEqual(['failed; tries again', 'failed; tries again', 'works again']);
  troubles.failed(a, away('y'));
  expect(said(lines).at(-1)).toBe('failed; tries again');
  expect(lines.filter(({ loop }) => loop === 'a')).toHaveLength(2);
});

test('who wants to see each failure sees it at debug', () => {
  const { lines, troubles } = written('debug');
  for (const loop of [a, b]) troubles.failed(loop, away('x'));
  expect(said(lines)).toEqual(['failed; tries again', 'failed for the same reason']);
});
