/**
 * Faults put into the booking of batches on purpose. The model counts anew after every move, and must notice each.
 */
import { lua } from './mutant-files.js';
import type { Mutant } from './mutants.js';

const BOOKING: readonly Pick<Mutant, 'name' | 'file' | 'from' | 'to'>[] = [
  {
    name: 'a refused finish is subtracted',
    file: lua('lib/members'),
    from: 'if refused[number] then take(finished, which, 1) end',
    to: '',
  },
  {
    name: 'refused outputs are counted',
    file: lua('lib/members'),
    from: 'if refused[tonumber(seq)] then\n',
    to: 'if false then\n',
  },
  {
    name: 'sends and finishes are not netted',
    file: lua('lib/members'),
    from: "  batches.owe(id, 'left', change)\n",
    to: `  batches.owe(id, 'left', -ARGV[finished + i])
  batches.bookOwed(0)
  batches.owe(id, 'left', change + ARGV[finished + i])
`,
  },
  {
    name: 'a batch of which nothing is left is only written',
    file: lua('lib/members'),
    from: 'after <= 0 or',
    to: '',
  },
  {
    name: 'what is left is written although it was owed more meanwhile',
    file: lua('lib/members'),
    from: "  if #writes > 0 then redis.call('HSET', BATCHES, unpack(writes)) end\n",
    to: `  if rawget(batches, 'bookOwed') then batches.bookOwed(at) end
  if #writes > 0 then redis.call('HSET', BATCHES, unpack(writes)) end
`,
  },
  {
    name: 'what is sent is left, and is not counted as sent',
    file: lua('lib/members'),
    from: "if sends > 0 then redis.call('HINCRBY'",
    to: "if false then redis.call('HINCRBY'",
  },
  {
    name: 'what is elevated is not left',
    file: lua('lib/members'),
    from: "if up > 0 and batches.policy(batches.fields(id, 'about')).elevated == 'done' then",
    to: 'if up > 0 then',
  },
  {
    name: 'a command that is asked again is booked again',
    file: lua('swap'),
    from: 'if refused then\n',
    to: 'if refused then\n  if batches then batches.bookNamed(at) end\n',
  },
  {
    name: "a send's number is noted before it is refused",
    file: lua('pushAny'),
    from: 'if batches and isNew(SENDER, number) then',
    to: "if batches and isNew(SENDER, number) and redis.call('SET', SENDER, number, 'PX', rememberMs) then",
  },
  {
    name: '`then` is sent one early',
    file: lua('lib/booking'),
    from: 'if tonumber(left) > 0 or done then return end',
    to: 'if tonumber(left) > 1 or done then return end',
  },
  {
    name: '`then` is sent twice',
    file: lua('lib/booking'),
    from: 'if rest and not fired then fire(',
    to: 'if rest then fire(',
  },
  {
    name: '`then` is lost where the batch was cancelled',
    file: lua('lib/booking'),
    from: 'if rest and not fired then fire(',
    to: 'if rest and not fired and not cancelled then fire(',
  },
  {
    name: '`then` is no member of the batch above',
    file: lua('lib/booking'),
    from: "  batches.owe(parent, 'sent', 1)\n  batches.owe(parent, 'left', 1)\n",
    to: '',
  },
  {
    name: 'a batch that is complete stays so when a dead member is requeued',
    file: lua('lib/booking'),
    from: 'if change > 0 and left == change then reopen(id, at) end',
    to: '',
  },
  {
    name: 'a batch that is open again is not left in the one above',
    file: lua('lib/booking'),
    from: "if cancelled then redis.call('ZADD', CANCELLED, at, id) end\n  batches.owe(parent, 'left', 1)",
    to: "if cancelled then redis.call('ZADD', CANCELLED, at, id) end",
  },
  {
    name: 'a batch that is complete is left in the one above',
    file: lua('lib/booking'),
    from: "fired or at)\n  batches.owe(parent, 'left', -1)",
    to: 'fired or at)',
  },
  {
    name: 'a batch that waits for its dead does not',
    file: lua('lib/booking'),
    from: 'if not policy.onDead and not cancelled and (tonumber(dead) or 0) > 0 then return end',
    to: '',
  },
  {
    name: 'too many dead cancel nothing',
    file: lua('lib/booking'),
    from: 'elseif most and dead > most then',
    to: 'elseif false then',
  },
  {
    name: 'a cancel does not seal',
    file: lua('lib/batches'),
    from: "if redis.call('HSETNX', BATCHES, batchField(id, 'sealed'), at) == 1 then batches.owe(id, 'left', -1) end",
    to: '',
  },
  {
    name: 'a second seal counts',
    file: lua('seal'),
    from: "if redis.call('HSETNX', BATCHES, id .. ' sealed', at) == 1 then",
    to: "if redis.call('HSET', BATCHES, id .. ' sealed', at) >= 0 then",
  },
  {
    name: 'an open that is asked again is counted again in the one above',
    file: lua('open'),
    from: "return { string.match(since, ' (.*)$') == token and 'opened' or 'joined', id, known }",
    to: "if string.match(since, ' (.*)$') == token then batches.owe(parent, 'left', 1) batches.bookOwed(at) end\n  return { 'opened', id, known }",
  },
  {
    name: 'a death is not booked',
    file: lua('lib/run'),
    from: 'if batches then batches.died(envelope, serial) end',
    to: '',
  },
  {
    name: 'a failed attempt is not counted',
    file: lua('lib/attempts'),
    from: "if batches then batches.owe(batches.of(envelope), 'failed', 1) end",
    to: '',
  },
  ...['giveback', 'overdue', 'reclaim', 'settle', 'expire', 'discard', 'destroy'].map((script) => ({
    name: `what ${script} does is not booked`,
    file: lua(script),
    from: 'batches.bookOwed(at)\n',
    to: '',
  })),
  {
    name: 'what pop does is not booked',
    file: lua('pop'),
    from: 'batches.bookOwed(now())\n',
    to: '',
  },
];

/** Needs several rare moves one after the other: a test plays just these, and a short game does not always. */
const RARE = [
  ...['`then` is sent twice', '`then` is no member', 'stays so when a dead member', 'that is open again is not left'],
  ...['that waits for its dead does not', 'too many dead cancel nothing', 'what reclaim does', 'what expire does'],
  'although it was owed more meanwhile',
];

/** Noticed by the suite of processes too: one of each kind, because it takes minutes. */
const BY_PROCESSES = [
  ...['a command that is asked again', '`then` is sent twice', '`then` is lost', '`then` is sent one early'],
  ...['what giveback does', 'too many dead cancel nothing'],
];

export const BATCH_MUTANTS: readonly Mutant[] = BOOKING.map((mutant) => {
  const isAmong = (parts: readonly string[]) => parts.some((part) => mutant.name.includes(part));
  const judge = isAmong(RARE) ? ('tests' as const) : ('model' as const);
  return {
    ...mutant,
    name: `batches: ${mutant.name}`,
    by: isAmong(BY_PROCESSES) ? [judge, 'chaos' as const] : [judge],
    ...(judge === 'tests' && { tests: 'shared/dist/marble/batch' }),
  };
});
