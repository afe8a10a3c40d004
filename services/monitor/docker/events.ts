/**
 * Events of a Docker engine: a line of JSON for each.
 *
 * What may go wrong: the stream ends, breaks, or is none of events. The iteration then ends, or throws.
 */
import type { Readable } from 'node:stream';
import { z } from 'zod';

/** Events that are listened to. A `kill` or a `stop` is not an end yet, and a paused container lives: only `die` ends. */
export const EVENTS = [
  'create',
  'start',
  'restart',
  'kill',
  'stop',
  'oom',
  'die',
  'destroy',
  'pause',
  'unpause',
  'health_status',
] as const;

export interface EngineEvent {
  /** The id of the container. */
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly action: (typeof EVENTS)[number];
  /** The state of its health, where that is what the event tells. */
  readonly health: string | undefined;
  /** The date by the engine's clock, in seconds. It says nothing by any other clock. */
  readonly at: number;
  /** The same for an event that is told twice. */
  readonly key: string;
}

const line = z
  .object({
    Action: z.string(),
    Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
    time: z.number(),
    timeNano: z.number(),
  })
  .transform(({ Action, Actor: { ID: id, Attributes: labels }, time: at, timeNano }) => {
    const [action = '', health] = Action.split(': ', 2); // `health_status: healthy`
    return { id, name: labels['name'] ?? '', labels, action, health, at, key: `${timeNano} ${id} ${Action}` };
  });

/** The longest line that is read. */
const LONGEST = 1_048_576;

/** Iterates over the events that are known here. */
export async function* readEvents(stream: Readable): AsyncGenerator<EngineEvent, void> {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop()!;
    if (rest.length > LONGEST) throw new Error(`an event of more than ${LONGEST} characters`);
    for (const text of lines) {
      if (text.trim() === '') continue;
      const event = line.parse(JSON.parse(text));
      if (isKnown(event)) yield event;
    }
  }
}

function isKnown(event: Omit<EngineEvent, 'action'> & { action: string }): event is EngineEvent {
  return (EVENTS as readonly string[]).includes(event.action);
}
