/**
 * Reads the labels by which a compose service asks to be scaled.
 *
 * What may go wrong: a label makes no sense. The mistake then names it, and the service is left as it is.
 */
import { checkName } from 'marblerun/communicator';

export const SCALE_LABEL = 'marblerun.scale.target';
const LABEL = { min: 'marblerun.scale.min', max: 'marblerun.scale.max', queues: 'marblerun.scale.queues' } as const;

export interface ScaleRule {
  readonly min: number;
  readonly max: number;
  /** The marbles for each container, of those that wait and those in hand. */
  readonly target: number;
  /** The queues that it works on; undefined where its holders are to tell. */
  readonly queues: readonly string[] | undefined;
}

export interface LabelMistake {
  readonly label: string;
  readonly mistake: string;
}

type Labels = Readonly<Record<string, string>>;

const MOST_CONTAINERS = 1000;
const MOST_TARGET = 1_000_000_000;

/** Returns the rule, or the first mistake. */
export function readScaleRule(labels: Labels): ScaleRule | LabelMistake {
  const target = whole(labels, SCALE_LABEL, 1, MOST_TARGET);
  // The least is 1: where no container runs, there is none to copy, and nobody tells which queues it would work on.
  const min = whole(labels, LABEL.min, 1, MOST_CONTAINERS);
  const max = whole(labels, LABEL.max, 1, MOST_CONTAINERS);
  for (const read of [target, min, max]) if (typeof read !== 'number') return read;
  const limits = { target, min, max } as Record<'target' | 'min' | 'max', number>;
  if (limits.max < limits.min)
    return { label: LABEL.max, mistake: `${limits.max} is less than ${LABEL.min} (${limits.min})` };
  const queues = readQueues(labels[LABEL.queues]);
  return typeof queues === 'string' ? { label: LABEL.queues, mistake: queues } : { ...limits, queues };
}

export function isMistake(read: ScaleRule | LabelMistake): read is LabelMistake {
  return 'mistake' in read;
}

function whole(labels: Labels, label: string, least: number, most: number): number | LabelMistake {
  const text = labels[label];
  const allowed = `a whole number from ${least} to ${most}`;
  if (text === undefined) return { label, mistake: `is not given; allowed: ${allowed}` };
  const value = /^\d{1,10}$/.test(text.trim()) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  return { label, mistake: `${JSON.stringify(text.slice(0, 100))} is not allowed; allowed: ${allowed}` };
}

/** Returns the queues, or what is wrong with them. */
function readQueues(text: string | undefined): readonly string[] | undefined | string {
  if (text === undefined) return undefined;
  try {
    return [...new Set(text.split(',').map((name) => checkName('queue', name.trim())))];
  } catch (error) {
    return (error as Error).message;
  }
}
