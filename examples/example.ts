/**
 * Plays one example, or lists them all. It sets its own stage and leaves nothing behind, whether the example ends by
 * itself, fails, or is broken off with Ctrl-C.
 *
 *     node example.js monitored [--redis auto|docker|local]
 */
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { CannotPlay, REDIS_CHOICES, type RedisChoice } from './stage/redis.js';
import { Stage } from './stage/stage.js';
import { scenes } from './scenes.js';

const EX_USAGE = 64;
const NAME_WIDTH = 14;

function show(name: string, text: string): void {
  console.log(name ? `${name.padEnd(NAME_WIDTH)} | ${text}` : `${'-'.repeat(NAME_WIDTH)} : ${text}`);
}

function list(): void {
  for (const [name, { title }] of Object.entries(scenes)) console.log(`  ${name.padEnd(NAME_WIDTH)} ${title}`);
}

async function play(name: string, redis: RedisChoice): Promise<void> {
  const stage = new Stage({ redis, show });
  const brokenOff = new AbortController();
  const breakOff = (code: number) => {
    brokenOff.abort();
    void stage.strike().finally(() => process.exit(code));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => breakOff(128 + constants.signals[signal]));
  process.on('uncaughtException', (error) => {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') console.error(error); // otherwise nobody reads any more
    breakOff(1);
  });
  try {
    await scenes[name]!.play(stage);
  } catch (error) {
    if (brokenOff.signal.aborted) return; // the parts that are being ended report that themselves
    console.error(error instanceof CannotPlay ? error.message : error);
    process.exitCode = 1;
  }
  await stage.strike();
}

function usage(mistake: string): void {
  console.error(`${mistake}\n\nexample <name> [--redis ${REDIS_CHOICES.join('|')}]; the names are:\n`);
  list();
  process.exitCode = EX_USAGE;
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { redis: { type: 'string', default: 'auto' } },
  });
  const [name] = positionals;
  const redis = REDIS_CHOICES.find((choice) => choice === values.redis);
  if (name === undefined) list();
  else if (!Object.hasOwn(scenes, name)) usage(`there is no example "${name}"`);
  else if (!redis) usage(`--redis: "${values.redis}" is not allowed`);
  else await play(name, redis);
}

try {
  await main();
} catch (error) {
  usage((error as Error).message); // parseArgs says what is wrong
}
