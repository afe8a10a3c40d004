/**
 * The runs and the lanes that join them: read from JSON, checked as a whole.
 *
 *     { "runs":  { "spoke": { "redis": "redis://…", "run": "spoke" }, "hub": {} },
 *       "lanes": [{ "name": "up", "from": "spoke", "to": "hub", "queues": ["big-*"], "onward": [] }] }
 */
import { isDeepStrictEqual } from 'node:util';
import { MarbleRunError } from 'marblerun';
import { checkName, mistakeInRedis, parseRedis, type RedisForm } from 'marblerun/communicator';
import { z } from 'zod';

const name = (kind: 'run' | 'lane') =>
  z.string().superRefine((value, context) => {
    try {
      checkName(kind, value);
    } catch (error) {
      context.addIssue((error as Error).message);
    }
  });

const redis = z.custom<string | RedisForm>().superRefine((value, context) => {
  const mistake = mistakeInRedis(value);
  if (mistake !== undefined) context.addIssue(mistake);
});

const pattern = z.string().regex(/^[A-Za-z0-9._:/*-]{1,128}$/, 'a queue name in which * stands for anything');

const schema = z.strictObject({
  runs: z.record(
    z.string(),
    z.strictObject({
      redis: redis.optional(),
      run: name('run').optional(),
      replicas: z.int().min(0).max(100).default(0),
      replicasTimeoutMs: z.int().min(1).max(600_000).default(1000),
    }),
  ),
  lanes: z
    .array(
      z.strictObject({
        name: name('lane'),
        from: z.string(),
        to: z.string(),
        queues: z.array(pattern).min(1).default(['*']),
        onward: z.array(pattern).default([]),
      }),
    )
    .min(1, 'at least one lane'),
});

export interface Run {
  readonly name: string;
  readonly redis: string | RedisForm;
  readonly run: string;
  /** The number of replicas that must have a transit before it counts as landed here, and the time that they may take. */
  readonly replicas: number;
  readonly replicasTimeoutMs: number;
}

export interface Lane {
  readonly name: string;
  readonly from: Run;
  readonly to: Run;
  /**
   * Returns true for queues that this lane carries: those that match its patterns and that no earlier lane of the run
   * carries.
   */
  readonly carries: (queue: string) => boolean;
  /** Returns true for queues whose marbles travel on from the upper run. */
  readonly onward: (queue: string) => boolean;
}

/** Reads the lanes. Throws MR_BAD_LANES with all mistakes: unknown runs, duplicate names, loops to the same run. */
export function readLanes(json: string, defaultRedis: string): Lane[] {
  const { runs, lanes } = parse(json);
  const mistakes: string[] = [];
  const names = new Set<string>();
  for (const [i, lane] of lanes.entries()) {
    const at = `lanes[${i}] "${lane.name}"`;
    for (const end of ['from', 'to'] as const) {
      if (!Object.hasOwn(runs, lane[end]))
        mistakes.push(`${at}.${end}: "${lane[end]}" is not a run; allowed: ${Object.keys(runs).join(', ')}`);
    }
    if (names.has(lane.name)) mistakes.push(`${at}.name: there is another lane of this name; names are unique`);
    names.add(lane.name);
  }
  if (mistakes.length > 0) fail(mistakes);

  const run = (key: string): Run => ({
    name: key,
    redis: runs[key]?.redis ?? defaultRedis,
    run: runs[key]?.run ?? key,
    replicas: runs[key]?.replicas ?? 0,
    replicasTimeoutMs: runs[key]?.replicasTimeoutMs ?? 1000,
  });
  const read = lanes.map((lane, i) => {
    const earlier = lanes.slice(0, i).filter((other) => other.from === lane.from);
    const carries = (queue: string) =>
      matcher(lane.queues)(queue) && !earlier.some((other) => matcher(other.queues)(queue));
    return { name: lane.name, from: run(lane.from), to: run(lane.to), carries, onward: matcher(lane.onward) };
  });
  for (const { name: lane, from, to } of read) {
    if (from.run === to.run && isDeepStrictEqual(parseRedis(from.redis), parseRedis(to.redis)))
      mistakes.push(`lane "${lane}": "${from.name}" and "${to.name}" are the same run: a loop to itself`);
  }
  if (mistakes.length > 0) fail(mistakes);
  return read;
}

function parse(json: string): z.infer<typeof schema> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    const [where = ''] = / at position \d+/.exec((error as Error).message) ?? [];
    fail([`not JSON${where}`]); // the text is not shown, since it may hold a password
  }
  const result = schema.safeParse(value);
  if (!result.success) fail(result.error.issues.map((issue) => `${issue.path.join('.') || 'lanes'}: ${issue.message}`));
  return result.data;
}

function fail(mistakes: string[]): never {
  throw new MarbleRunError(
    'MR_BAD_LANES',
    `MARBLERUN_LANES has ${mistakes.length} mistake(s):\n  ${mistakes.join('\n  ')}\n`,
  );
}

/** Returns a function that matches names; `*` stands for any characters, or none. */
function matcher(patterns: readonly string[]): (queue: string) => boolean {
  const expressions = patterns.map((text) => new RegExp(`^${text.split('*').map(escape).join('.*')}$`));
  return (queue) => expressions.some((expression) => expression.test(queue));
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
