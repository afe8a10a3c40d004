/**
 * A Monitor or an Elevator of an example, which reports in words what it does.
 */
import { ServiceProgram, until, type Program, type ServiceKind } from '@marblerun/test-support';

const DEADLINE_MS = 120_000;

/** Starts a service; `tell` is called with what it does. Resolves when it is ready. */
export async function startService(
  kind: ServiceKind,
  env: Readonly<Record<string, string>>,
  { started, tell }: { started: (program: Program) => void; tell: (text: string) => void },
): Promise<ServiceProgram> {
  const onLine = (line: string) => {
    const text = inWords(line);
    if (text) tell(text);
  };
  const program = new ServiceProgram(kind, { env: { MARBLERUN_DRAIN_MS: '3000', ...env }, onLine });
  started(program);
  await program.url(DEADLINE_MS);
  await until(`the ${kind} is ready`, () => program.isReady(), { deadlineMs: DEADLINE_MS });
  return program;
}

const UNEVENTFUL = ['listening', 'stops', 'stopped'];
const EVERY_LINE_HAS = ['level', 'time', 'pid', 'service', 'msg', 'run'];

/** Puts a line of JSON log into words for people. Returns undefined for a line that is no news. */
function inWords(line: string): string | undefined {
  if (!line.startsWith('{')) return line;
  const log = JSON.parse(line) as { msg: string } & Record<string, unknown>;
  if (UNEVENTFUL.includes(log.msg)) return undefined;
  const details = Object.entries(log).filter(([name]) => !EVERY_LINE_HAS.includes(name));
  return [log.msg, ...details.map(([name, value]) => `${name} ${shown(value)}`)].join(', ');
}

/** Shows only the message of an error. */
function shown(value: unknown): string {
  const { message } = Object(value) as { message?: unknown };
  return JSON.stringify(message ?? value);
}
