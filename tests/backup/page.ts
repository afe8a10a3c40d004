/** Runs the commands of docs/BACKUP.md as they stand there. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const PAGE = readFileSync(new URL('../../../docs/BACKUP.md', import.meta.url), 'utf8');

/** Returns the first block of commands under a heading. */
export function commandsUnder(heading: string): string {
  const section = PAGE.split(/^##+ /m).find((it) => it.startsWith(`${heading}\n`));
  const [, block] = /^```sh\n([^]*?)^```$/m.exec(section ?? '') ?? [];
  if (block === undefined) throw new Error(`docs/BACKUP.md has no commands under "${heading}"`);
  return block;
}

/** Runs the commands in a folder, with variables. If one of them fails, that is an error. */
export async function runPage(heading: string, cwd: string, env: Record<string, string>): Promise<void> {
  await promisify(execFile)('sh', ['-eu', '-c', commandsUnder(heading)], { cwd, env: { ...process.env, ...env } });
}
