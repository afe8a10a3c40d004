/**
 * Metrics of a worker, on the user's own registry of prom-client. Several Marbles may share one registry.
 */

/** `lost`: its lease or time limit passed; `abandoned`: the next one was waited for without a finish. */
export type Outcome = 'finished' | 'failed' | 'lost' | 'abandoned';

interface Metric {
  inc(labels: Record<string, string>, n: number): void;
  observe(labels: Record<string, string>, seconds: number): void;
}

interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: MetricsRegistry[];
  readonly buckets?: number[];
}

/** The part of prom-client that is used: `new Marble({ metrics: { Counter, Histogram, registry } })`. */
export interface MetricsRegistry {
  getSingleMetric(name: string): unknown;
}
export interface ClientMetricsOptions {
  readonly registry: MetricsRegistry;
  readonly Counter: new (options: never) => unknown;
  readonly Histogram: new (options: never) => unknown;
}

const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300];

export class ClientMetrics {
  readonly #sent: Metric;
  readonly #processed: Metric;
  readonly #seconds: Metric;

  constructor(
    { registry, Counter, Histogram }: ClientMetricsOptions,
    private readonly run: string,
  ) {
    const make = (Kind: new (options: never) => unknown, name: string, help: string, labels: string[], more = {}) => {
      const options: MetricOptions = {
        name,
        help,
        labelNames: ['run', 'queue', ...labels],
        registers: [registry],
        ...more,
      };
      return (registry.getSingleMetric(name) ?? new Kind(options as never)) as Metric;
    };
    const outcome = ['outcome'];
    this.#sent = make(Counter, 'marblerun_client_sent_total', 'Marbles that this process has sent', []);
    this.#processed = make(
      Counter,
      'marblerun_client_processed_total',
      'Marbles that this process had in hand, by what came of them',
      outcome,
    );
    this.#seconds = make(
      Histogram,
      'marblerun_client_processing_seconds',
      'How long this process had a marble in hand',
      [],
      { buckets: BUCKETS },
    );
  }

  sent(queue: string, count: number): void {
    this.#sent.inc({ run: this.run, queue }, count);
  }

  processed(queue: string, outcome: Outcome, seconds: number): void {
    this.#processed.inc({ run: this.run, queue, outcome }, 1);
    this.#seconds.observe({ run: this.run, queue }, seconds);
  }
}
