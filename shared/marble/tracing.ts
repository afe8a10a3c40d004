/**
 * Spans by the semantic conventions of messaging: a producer's span for a send, and a consumer's span, its child, for
 * the work on a marble. The interfaces are the part of @opentelemetry/api that is used here.
 */
import { plainError } from './described-error.js';
import type { Header } from '../communicator/data/header.js';

export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote?: boolean;
}

export interface Span {
  spanContext(): SpanContext;
  setAttribute(name: string, value: string | number): unknown;
  recordException(error: Error): void;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

/** The module @opentelemetry/api, as `import * as api` gives it. */
export interface TracingApi {
  readonly trace: {
    getTracer(name: string): { startSpan(name: string, options: object, context: never): Span };
    setSpan(context: never, span: never): unknown;
    setSpanContext(context: never, spanContext: SpanContext): unknown;
    isSpanContextValid(spanContext: SpanContext): boolean;
  };
  readonly context: { active(): unknown; with(context: never, work: () => never): unknown };
}

/** The kinds of spans: a producer's and a consumer's. */
const KINDS = { send: 3, process: 4 } as const;
const ERROR = 2;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

export class Tracing {
  constructor(
    private readonly api: TracingApi,
    private readonly run: string,
  ) {}

  send(queue: string, id: string | undefined, from: Span | undefined): Span {
    const parent = from ? this.api.trace.setSpan(this.#active(), from as never) : this.#active();
    return this.#start('send', queue, id, parent);
  }

  /** Begins the span of work: a child of the send, wherever that was. */
  process(queue: string, { id, attempt, traceparent }: Header): Span {
    const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
    const remote = {
      traceId: traceId ?? '',
      spanId: spanId ?? '',
      traceFlags: parseInt(flags ?? '0', 16),
      isRemote: true,
    };
    const known = this.api.trace.isSpanContextValid(remote);
    const parent = known ? this.api.trace.setSpanContext(this.#active(), remote) : this.#active();
    const span = this.#start('process', queue, id, parent);
    span.setAttribute('marblerun.attempt', attempt + 1);
    return span;
  }

  within<T>(span: Span, work: () => T): T {
    const context = this.api.trace.setSpan(this.#active(), span as never) as never;
    return this.api.context.with(context, work as never) as T;
  }

  /** Returns the context for the envelope; undefined without an SDK, since spans have no ids then. */
  traceparent(span: Span): string | undefined {
    const context = span.spanContext();
    if (!this.api.trace.isSpanContextValid(context)) return undefined;
    return `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`;
  }

  end(span: Span, error: unknown, outcome?: string): void {
    if (outcome !== undefined) span.setAttribute('marblerun.outcome', outcome);
    if (error !== undefined) {
      const exception = plainError(error); // what was thrown might throw again when it is read
      span.recordException(exception);
      span.setAttribute('error.type', exception.name);
      span.setStatus({ code: ERROR, message: exception.message });
    }
    span.end();
  }

  #start(operation: keyof typeof KINDS, queue: string, id: string | undefined, parent: unknown): Span {
    const attributes = {
      'messaging.system': 'marblerun',
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.destination.name': queue,
      'messaging.destination.partition.id': this.run,
      ...(id !== undefined && { 'messaging.message.id': id }),
    };
    return this.api.trace
      .getTracer('marblerun')
      .startSpan(`${operation} ${queue}`, { kind: KINDS[operation], attributes }, parent as never);
  }

  #active(): never {
    return this.api.context.active() as never;
  }
}
