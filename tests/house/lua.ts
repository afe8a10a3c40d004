/** The Lua files, as tests of their form read them. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.js';

const folder = join(root, 'shared/communicator/lua');

/** Files and their texts, as `swap.lua` and `lib/run.lua`. */
export function luaFiles(): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true }).map(String).sort();
  const files = names.filter((name) => name.endsWith('.lua'));
  return new Map(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

export interface LuaFunction {
  readonly name: string;
  readonly lines: number;
}

/** Every function of a text, also those in others. A block begins with one of five words, and ends with one of two. */
export function functionsIn(text: string): LuaFunction[] {
  const found: LuaFunction[] = [];
  const open: { word: string; name: string; line: number }[] = [];
  for (const [line, code] of withoutTexts(text).split('\n').entries()) {
    for (const [, word, name] of code.matchAll(/\b(function|if|do|repeat|end|until)\b(?: +([\w.]+))?/g)) {
      if (word !== 'end' && word !== 'until') {
        open.push({ word: word!, name: name ?? '', line });
        continue;
      }
      const block = open.pop();
      if (!block) throw new Error(`line ${line + 1} ends a block that has no beginning`);
      if (block.word === 'function') found.push({ name: block.name, lines: line - block.line + 1 });
    }
  }
  if (open.length > 0) throw new Error(`line ${open[0]!.line + 1} begins a block that has no end`);
  return found;
}

/** Comments and strings are blank. */
function withoutTexts(text: string): string {
  return text.replace(/--.*$|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/gm, (one) => ' '.repeat(one.length));
}

export interface Bound {
  readonly names: readonly string[];
  readonly first: number;
  readonly last: number;
}

export interface LuaScript {
  /** Its comment, with what it includes. */
  readonly header: string;
  readonly parts: readonly string[];
  /** The statements by which it begins; undefined where it has no keys, or no arguments, with a name of its own. */
  readonly keys: Bound | undefined;
  readonly args: Bound | undefined;
  /** All that follows. */
  readonly body: string;
}

export function scriptOf(text: string): LuaScript {
  const header = /^(?:--.*\n)+/.exec(text)?.[0] ?? '';
  const parts = /^-- include (.+)$/m.exec(header)?.[1]?.split(' ') ?? [];
  const [keys, behindKeys] = bound('KEYS', text.slice(header.length));
  const [args, body] = bound('ARGV', behindKeys);
  return { header, parts, keys, args, body };
}

function bound(table: 'KEYS' | 'ARGV', text: string): [Bound | undefined, rest: string] {
  const form = `local (\\w+(?:,\\s+\\w+)*) =\\s+(?:unpack\\(${table}, (\\d+), (\\d+)\\)|${table}\\[(\\d+)\\])\n`;
  const [statement = '', names = '', first, last, only] = new RegExp(`^${form}`).exec(text) ?? [];
  if (statement === '') return [undefined, text];
  const place = { first: Number(first ?? only), last: Number(last ?? only) };
  return [{ names: names.split(/,\s+/), ...place }, text.slice(statement.length)];
}
