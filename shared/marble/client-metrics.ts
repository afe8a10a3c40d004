/**
 * Metrics of a worker, on the user's own registry of prom-client. Several Marbles may share one registry.
 */

/**
 * The outcome of a marble. `lost`: its lease or time limit passed. `abandoned`: the loop waited for the next one
 * without a finish.
 */
export type Outcome = 'finished' | 'failed' | 'lost' | 'abandoned';

export interface Metric {
  inc(labels: Record<string, string>, n: number): void;
  observe(labels: Record<string, string>, seconds: number): void;
}

interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly buckets?: number[];
}
/** The class of a metric, as prom-client has it. */
export type MetricKind = new (options: never) => unknown;

/** The part of prom-client that is used: `new Marble({ metrics: { Counter, Histogram, registry } })`. */
export interface MetricsRegistry {
  getSingleMetric(name: string): unknown;
}
export interface ClientMetricsOptions {
  readonly registry: MetricsRegistry;
  readonly Counter: MetricKind;
  readonly Histogram: MetricKind;
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
    const labelNames = ['run', 'queue'];
    this.#sent = found(registry, Counter, {
      name: 'marblerun_client_sent_total',
      help: 'Marbles that this process has sent',
      labelNames,
    });
    this.#processed = found(registry, Counter, {
      name: 'marblerun_client_processed_total',
      help: 'Marbles that this process had in hand, by outcome',
      labelNames: [...labelNames, 'outcome'],
    });
    this.#seconds = found(registry, Histogram, {
      name: 'marblerun_client_processing_seconds',
      help: 'How long this process had a marble in hand',
      labelNames,
      buckets: BUCKETS,
    });
  }

  sent(queue: string, count: number): void {
    this.#sent.inc({ run: this.run, queue }, count);
  }

  processed(queue: string, outcome: Outcome, seconds: number): void {
    this.#processed.inc({ run: this.run, queue, outcome }, 1);
    this.#seconds.observe({ run: this.run, queue }, seconds);
  }
}

/**
 * Creates the counter of looks that saw no Monitor. Its series exists from the start: an increase from nothing to 1
 * would not show. Returns undefined where nothing is measured.
 */
export function countOfVainLooks(metrics: ClientMetricsOptions | undefined, run: string): Metric | undefined {
  if (!metrics) return undefined;
  const name = 'marblerun_client_no_monitor_total';
  const help = 'Looks of this process, one every 10 s, that found no Monitor watching the run for 30 s';
  const counter = found(metrics.registry, metrics.Counter, { name, help, labelNames: ['run'] });
  counter.inc({ run }, 0);
  return counter;
}

/** Finds the metric in the registry or creates it, since several Marbles may share a registry. */
function found(registry: MetricsRegistry, Kind: MetricKind, options: MetricOptions): Metric {
  const made = () => new Kind({ ...options, registers: [registry] } as never);
  return (registry.getSingleMetric(options.name) ?? made()) as Metric;
}
