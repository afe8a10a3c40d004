/**
 * The doors of the package: each exports every type that its own signatures use, so that a program can name what it is
 * given; and what is internal cannot be reached through what is exported.
 */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { root } from './project.js';

const DIST = join(root, 'shared/dist');
const DOORS = {
  marble: 'marblerun',
  communicator: 'marblerun/communicator',
  codecs: 'marblerun/codecs',
  testing: 'marblerun/testing',
};

let program: ts.Program;
let checker: ts.TypeChecker;
beforeAll(() => {
  const options = { strict: true, module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, types: ['node'] };
  program = ts.createProgram(
    Object.keys(DOORS).map((door) => join(DIST, door, 'index.d.ts')),
    { ...options, typeRoots: [join(root, 'node_modules/@types')] },
  );
  checker = program.getTypeChecker();
});

const resolved = (symbol: ts.Symbol) =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

function exportsOf(door: string): ts.Symbol[] {
  const file = program.getSourceFile(join(DIST, door, 'index.d.ts'))!;
  return checker.getExportsOfModule(checker.getSymbolAtLocation(file)!).map(resolved);
}

/** The names of our own types that the declaration of an exported symbol mentions. */
function mentioned(symbol: ts.Symbol): ts.Symbol[] {
  const found: ts.Symbol[] = [];
  const note = (name: ts.Node) => {
    const symbol = checker.getSymbolAtLocation(name);
    if (symbol) found.push(resolved(symbol));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isConditionalTypeNode(node)) return; // says how a type is worked out, with helpers that nobody names
    if (ts.isTypeReferenceNode(node)) note(node.typeName);
    if (ts.isImportTypeNode(node) && node.qualifier) note(node.qualifier); // how the compiler writes a type that it infers
    if (ts.isExpressionWithTypeArguments(node)) note(node.expression);
    ts.forEachChild(node, visit);
  };
  for (const declaration of symbol.declarations ?? []) visit(declaration);
  const isOurs = ({ flags, declarations = [] }: ts.Symbol) =>
    !(flags & ts.SymbolFlags.TypeParameter) &&
    declarations.some((one) => one.getSourceFile().fileName.startsWith(DIST));
  return found.filter(isOurs);
}

describe.each(Object.entries(DOORS))('%s', (door, name) => {
  test(`${name} exports what its signatures name`, () => {
    const all = exportsOf(door);
    expect(all.length).toBeGreaterThan(3);
    const known = new Set([...all, ...exportsOf('marble')]);
    const missing = all.flatMap((symbol) =>
      mentioned(symbol)
        .filter((one) => !known.has(one))
        .map((one) => `${symbol.name} names ${one.name}`),
    );
    expect([...new Set(missing)].sort()).toEqual([]);
  });
});

test('nothing that is exported for users has an internal member', () => {
  const inner = /^(held|holding|holder|outputs|outputBytes|isOver|processing|retryInMs)$/;
  const found = exportsOf('marble').flatMap((symbol) => {
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    return checker
      .getPropertiesOfType(type)
      .filter(({ name }) => inner.test(name) && /Marble$/.test(symbol.name))
      .map((member) => `${symbol.name}.${member.name}`);
  });
  expect(found).toEqual([]);
});
