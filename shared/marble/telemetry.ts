/**
 * Telemetry of a worker's sends and work: spans of OpenTelemetry, metrics for Prometheus.
 *
 * The user hands in both (`tracing`: the module @opentelemetry/api; `metrics`: a Registry of prom-client). So neither
 * is a dependency, and without them nothing of this is created. The context of a send travels in its envelope as a W3C
 * traceparent; tracestate and baggage do not.
 */
import type { Envelope } from '../communicator/data/envelope.js';
import { ClientMetrics, type Outcome } from './client-metrics.js';
import type { ResolvedOptions } from './options.js';
import { Tracing, type Span } from './tracing.js';

/** A send, or a stream of sends. */
export interface Sending {
  readonly traceparent: string | undefined;
  end(error?: unknown): void;
}

/** A marble in hand, from taken until it is finished, failed or given up. */
export interface Processing {
  readonly span: Span | undefined;
  /** Runs work so that spans made in it are children of this one's. */
  run<T>(work: () => T): T;
  end(outcome: Outcome, error?: unknown): void;
}

export class Telemetry {
  readonly #tracing: Tracing | undefined;
  readonly #metrics: ClientMetrics | undefined;

  /** Creates the telemetry; undefined where nothing was asked for. */
  static of({ tracing, metrics, run }: Pick<ResolvedOptions, 'tracing' | 'metrics' | 'run'>): Telemetry | undefined {
    if (!tracing && !metrics) return undefined;
    return new Telemetry(tracing && new Tracing(tracing, run), metrics && new ClientMetrics(metrics, run));
  }

  private constructor(tracing: Tracing | undefined, metrics: ClientMetrics | undefined) {
    this.#tracing = tracing;
    this.#metrics = metrics;
  }

  /** Begins to measure a send. `from` is the marble in hand. `count` is called when the send is over. */
  sending(queue: string, from: Processing | undefined, id: string | undefined, count: () => number = () => 1): Sending {
    const span = this.#tracing?.send(queue, id, from?.span);
    return {
      traceparent: span && this.#tracing?.traceparent(span),
      end: (error) => {
        if (span) this.#tracing?.end(span, error);
        if (error === undefined) this.#metrics?.sent(queue, count());
      },
    };
  }

  processing(queue: string, envelope: Envelope): Processing {
    const span = this.#tracing?.process(queue, envelope);
    const started = performance.now();
    let ended = false;
    return {
      span,
      run: (work) => (span ? this.#tracing!.within(span, work) : work()),
      end: (outcome, error) => {
        if (ended) return;
        ended = true;
        if (span) this.#tracing?.end(span, error, outcome);
        this.#metrics?.processed(queue, outcome, (performance.now() - started) / 1000);
      },
    };
  }
}

/** Does the work and records how it ended. */
export async function told<T>(sending: Sending | undefined, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    sending?.end();
    return result;
  } catch (error) {
    sending?.end(error);
    throw error;
  }
}
