import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { freshBus, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Communicator } from 'marblerun/communicator';
import { Counter, Histogram, Registry } from 'prom-client';

const bus = freshBus();
const peek = new Communicator(bus);
afterAll(() => peek.close());

/** Returns names in code font in the first cells of the tables of docs/TELEMETRY.md under a heading. */
function documented(heading: string): string[] {
  const docs = readFileSync(new URL('../../docs/TELEMETRY.md', import.meta.url), 'utf8');
  const section = docs.split(`## ${heading}\n`)[1]!.split(/^## /m)[0]!;
  const cells = [...section.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell]) => cell!);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)).sort();
}

test('tracing without an SDK costs a marble nothing: its envelope is the same', async () => {
  const marble = new Marble({ ...bus, tracing: api });
  await marble.send('plain', 1);
  expect((await peek.dump('plain'))[0]).not.toHaveProperty('traceparent');
  expect(await marble.wait('plain')).toBe(1);
  await marble.finish();
  await marble.close();
});

describe('with an SDK', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  beforeAll(() => {
    api.trace.setGlobalTracerProvider(provider);
    api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  afterEach(() => exporter.reset());
  afterAll(async () => {
    await provider.shutdown();
    api.trace.disable();
    api.context.disable();
  });

  const span = (name: string) =>
    until(`a span "${name}"`, () => exporter.getFinishedSpans().find((each) => each.name === name));

  test('a send and the work on its marble are one trace, with the conventions of messaging', async () => {
    const marble = new Marble({ ...bus, tracing: api });
    const id = await api.trace.getTracer('test').startActiveSpan('request', async (request) => {
      const sent = await marble.send('traced', { n: 1 });
      request.end();
      return sent;
    });
    expect(await marble.wait('traced')).toEqual({ n: 1 });
    await marble.send('next', 2); // it is sent while the marble is in hand: a child of the work on it
    await marble.finish();
    const [request, send, process, next] = await Promise.all([
      span('request'),
      span('send traced'),
      span('process traced'),
      span('send next'),
    ]);
    const common = {
      'messaging.system': 'marblerun',
      'messaging.destination.name': 'traced',
      'messaging.message.id': id,
    };
    expect(send.kind).toBe(api.SpanKind.PRODUCER);
    expect(send.attributes).toMatchObject({
      ...common,
      'messaging.operation.type': 'send',
      'messaging.operation.name': 'send',
    });
    expect(process.kind).toBe(api.SpanKind.CONSUMER);
    expect(process.attributes).toMatchObject({
      ...common,
      'messaging.operation.type': 'process',
      'marblerun.attempt': 1,
      'marblerun.outcome': 'finished',
    });
    const parents = [send, process, next].map(({ parentSpanContext }) => parentSpanContext?.spanId);
    expect(parents).toEqual([request, send, process].map((each) => each.spanContext().spanId));
    expect(new Set([request, send, process, next].map((each) => each.spanContext().traceId)).size).toBe(1);
    expect(JSON.stringify([send.attributes, process.attributes])).not.toContain('"n"'); // data is never shown
    await marble.close();
  });

  test('a handler runs within the span; one that throws ends it with the error, and the next attempt has another', async () => {
    const marble = new Marble({ ...bus, tracing: api, retryBaseMs: 0 });
    await marble.send('thrown', 1);
    const active: (string | undefined)[] = [];
    const worker = marble.work(
      'thrown',
      async (_data, held) => {
        await Promise.resolve();
        active.push(api.trace.getActiveSpan()?.spanContext().spanId);
        if (held.attempt === 1) {
          held.retryIn(0);
          throw new TypeError('broken');
        }
        held.send('after', 1);
      },
      { onError: () => undefined },
    );
    const failed = await span('process thrown');
    expect(failed.status).toEqual({ code: api.SpanStatusCode.ERROR, message: 'broken' });
    expect(failed.attributes).toMatchObject({ 'marblerun.outcome': 'failed', 'error.type': 'TypeError' });
    expect(failed.events[0]?.name).toBe('exception');
    await until('the second attempt is finished', () =>
      exporter.getFinishedSpans().some((each) => each.attributes['marblerun.outcome'] === 'finished'),
    );
    const spans = exporter.getFinishedSpans().filter(({ name }) => name === 'process thrown');
    expect(spans.map((each) => each.attributes['marblerun.attempt'])).toEqual([1, 2]);
    expect(active).toEqual(spans.map((each) => each.spanContext().spanId));
    const told = [failed, ...spans, await span('send thrown')].flatMap(({ attributes }) => Object.keys(attributes));
    const names = ['send <queue>', 'process <queue>', ...new Set(told)];
    expect(documented('Spans')).toEqual(names.sort());
    expect((await span('send after')).parentSpanContext?.spanId).toBe(active[1]);
    await worker.stop();
    await marble.close();
  });
});

test('the metrics of a worker are on the registry of its user, also those of several Marbles', async () => {
  const registry = new Registry();
  const metrics = { registry, Counter, Histogram };
  const [sender, marble] = [new Marble({ ...bus, metrics }), new Marble({ ...bus, metrics, retryBaseMs: 0 })];
  await sender.send('measured', 1);
  expect(await sender.sendMany('measured', [2, 3, 4])).toBe(3);
  await expect(sender.send('measured', undefined)).rejects.toThrow();
  expect(await marble.wait('measured')).toBe(1);
  await marble.finish();
  expect(await marble.wait('measured')).toBe(2);
  await marble.fail(new Error('x'), { retryInMs: 60_000 });
  expect(await marble.wait('measured')).toBe(3);
  expect(await marble.wait('measured')).toBe(4); // the loop abandons 3
  await marble.finish();
  expect(documented('Metrics')).toEqual(
    registry
      .getMetricsAsArray()
      .map(({ name }) => name)
      .sort(),
  );
  const text = await registry.metrics();
  const labels = `run="${bus.run}",queue="measured"`;
  expect(text).toContain(`marblerun_client_sent_total{${labels}} 4`);
  expect(text).toContain(`marblerun_client_processed_total{${labels},outcome="finished"} 2`);
  expect(text).toContain(`marblerun_client_processed_total{${labels},outcome="failed"} 1`);
  expect(text).toContain(`marblerun_client_processed_total{${labels},outcome="abandoned"} 1`);
  expect(text).toContain(`marblerun_client_processing_seconds_count{${labels}} 4`);
  await Promise.all([sender.close(), marble.close()]);
});
