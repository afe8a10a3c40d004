/**
 * Notices a handler that sends through its Marble where it should send through the marble in its hand. Such a send is
 * in Redis at once, even when the handler then fails, and comes again with the next attempt.
 *
 * Only the stack tells who called, and V8 follows it through `await` to the worker. So there is no false alarm, and
 * handlers pay nothing. But a stack is slow to take: it is taken for the first sends of a working process, and then for
 * few. What may go wrong: a send from a timer, of minified code, or between two looks is not noticed.
 */
const FIRST = 20;
const THEN_EVERY = 4096;
const FRAMES = 50;
const WORKER = new RegExp(`Handling\\.#(settle|handle)\\b|${escaped(new URL('./handling.js', import.meta.url).href)}`);

export class OutsideSends {
  #sends = 0;
  #told = false;

  /** Looks at a send. It is called for every send made while a worker of the same Marble runs. */
  look(call: string): void {
    const n = this.#sends++;
    if (this.#told || (n >= FIRST && n % THEN_EVERY !== 0) || !isInHandler()) return;
    this.#told = true;
    process.emitWarning(
      `${call} of the Marble was called by a handler: this send is not committed with the finish, and is repeated with each attempt; ` +
        `use ${call} of the marble that the handler is given as its second argument. If you mean this, send through a separate Marble`,
      { type: 'MarbleRunWarning', code: 'MR_SENT_OUTSIDE' },
    );
  }
}

function isInHandler(): boolean {
  const before = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = FRAMES;
    return WORKER.test(String(new Error().stack));
  } finally {
    Error.stackTraceLimit = before;
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
