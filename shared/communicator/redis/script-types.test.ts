/** The table of types says the same of a script as its text: a compiler sees the one, Redis the other. */
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import ts from 'typescript';
import { keysOf } from './keys.js';
import { namesIn } from './script-names.js';
import { scriptNames, scriptText, type ScriptCall } from './scripts.js';

const file = fileURLToPath(new URL('../../../communicator/redis/script-types.ts', import.meta.url));
const options = { strict: true, module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, skipLibCheck: true };
const program = ts.createProgram([file], { ...options, noEmit: true });
const checker = program.getTypeChecker();

/** The names that the table has of each script. */
const table = new Map<string, Record<'keys' | 'args', string[]>>();
const declared = program.getSourceFile(file)!.statements.filter(ts.isInterfaceDeclaration);
for (const row of checker
  .getTypeAtLocation(declared.find(({ name }) => name.text === 'ScriptTypes')!)
  .getProperties()) {
  const part = (name: string) => literalsOf(checker.getTypeOfSymbol(checker.getTypeOfSymbol(row).getProperty(name)!));
  table.set(row.name, { keys: part('keys'), args: part('args') });
}

function literalsOf(type: ts.Type): string[] {
  return (type.isUnion() ? type.types : [type]).flatMap((one) => (one.isStringLiteral() ? [one.value] : [])).sort();
}

const ofEveryRun = new Set(
  Object.entries(keysOf('main')).flatMap(([name, key]) => (typeof key === 'string' ? name : [])),
);

test('the table has names', () => expect(table.get('swap')!.args).toContain('inboxSeq'));

test.each(scriptNames())('%s', (script) => {
  const { keys, lastKeys, args } = namesIn(scriptText(script));
  const own = [...keys, ...lastKeys].filter((name) => !ofEveryRun.has(name));
  expect(table.get(script)).toEqual({ keys: own.sort(), args: [...args].sort() });
});

test('a name that a script does not have does not compile, nor does one too few', () => {
  const calls: ScriptCall<'seal'>[] = [
    { args: { id: 'x', expected: '' } },
    // @ts-expect-error -- misspelt
    { args: { id: 'x', expectd: '' } },
    // @ts-expect-error -- one too few
    { args: { id: 'x' } },
    // @ts-expect-error -- it has no such key
    { args: { id: 'x', expected: '' }, keys: { held: 'x' } },
  ];
  expect(calls).toHaveLength(4);
});
