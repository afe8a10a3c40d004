/** Compiles the code blocks of the documents strictly against what is built. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { documents, root } from './project.js';

export interface Block {
  readonly document: string;
  /** The place of a block among those of its document, from 1. */
  readonly number: number;
  readonly language: string;
  readonly code: string;
}

export async function blocks(): Promise<Block[]> {
  const found: Block[] = [];
  for (const document of await documents()) {
    const text = await readFile(join(root, document), 'utf8');
    const fences = [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)];
    for (const [i, [, language, code]] of fences.entries())
      found.push({ document, number: i + 1, language: language!, code: code! });
  }
  return found;
}

export interface Compiled {
  /** The messages of the compiler. */
  readonly mistakes: readonly string[];
  /** Returns the program that a block has become. */
  readonly programOf: (document: string, number: number) => string;
  readonly remove: () => Promise<void>;
}

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noUncheckedIndexedAccess: true,
  allowJs: true,
  checkJs: true,
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  skipLibCheck: true,
  types: ['node'],
};

/**
 * Compiles all blocks. `change` may alter a text before it is written, for things that the machine of a test does not
 * have.
 */
export async function compile(all: readonly Block[], change: (code: string) => string): Promise<Compiled> {
  const folder = await mkdtemp(join(root, 'tests/dist/snippets-')); // the packages of this project are found from here
  const nameOf = (document: string, number: number) => `${document.replace(/\W/g, '_')}_${number}`;
  const files: string[] = [];
  for (const { document, number, language, code } of all) {
    const file = join(folder, `${nameOf(document, number)}.${language === 'js' ? 'mjs' : 'mts'}`);
    await writeFile(file, change(code));
    files.push(file);
  }
  const built = join(folder, 'out');
  const program = ts.createProgram(files, { ...OPTIONS, outDir: built, rootDir: folder });
  const { diagnostics } = program.emit();
  const host = {
    getCurrentDirectory: () => folder,
    getCanonicalFileName: (name: string) => name,
    getNewLine: () => '\n',
  };
  return {
    mistakes: [...ts.getPreEmitDiagnostics(program), ...diagnostics].map((one) => ts.formatDiagnostic(one, host)),
    programOf: (document, number) => join(built, `${nameOf(document, number)}.mjs`),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
