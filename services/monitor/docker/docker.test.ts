/**
 * A Monitor that is told of containers: an end brings back at once what is gone, and nothing else does.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { EngineDouble, freshBus, until, type Bus, type DoubledContainer } from '@marblerun/test-support';
import { holdersOf } from '@marblerun/internal';
import { Communicator, encodeEnvelope } from 'marblerun/communicator';
import { startMonitor, type RunningMonitor } from '../start.js';

const HOUR_MS = 3_600_000;
let bus: Bus;
let peek: Communicator;
let engine: EngineDouble;
let monitor: RunningMonitor;
let open: Communicator[];

beforeEach(async () => {
  bus = freshBus();
  open = [];
  peek = connected();
  engine = new EngineDouble();
  await engine.open();
  const runs = [bus.run, `${bus.run}-2`];
  monitor = await startMonitor({ ...bus, run: runs, docker: engine.address, port: 0, connectionsMs: 50 });
  await until('the engine is heard', () => engine.listeners === 1);
});
afterEach(async () => {
  await monitor.stop();
  await Promise.all(open.map((one) => one.close()));
  await engine.remove();
});

function connected(on: Partial<Bus> = {}): Communicator {
  const communicator = new Communicator({ ...bus, ...on });
  open.push(communicator);
  return communicator;
}

let made = 0;
/** A container that the engine lists, with a process whose connection the Monitor has seen, and a marble in its hand. */
async function works(run = bus.run): Promise<{ container: DoubledContainer; process: Communicator }> {
  const container = {
    id: String(++made).padStart(64, '0'),
    name: `worker-${made}`,
    labels: label(run),
    state: 'running',
  };
  engine.containers.push(container);
  engine.tell('start', container);
  const process = connected({ run });
  const heart = { id: container.name, goneMs: HOUR_MS, container: container.id };
  await process.hearts.pulse(heart);
  const at = connected({ run });
  const options = { leaseMs: HOUR_MS, timeLimitMs: 0, maxAttempts: 5, description: { heart: heart.id } };
  const holding = holdersOf(at).holding(holdersOf(at).waitingConnection(1000), options);
  await holding.enter();
  await at.push([
    { kind: 'back', queue: 'q', envelope: encodeEnvelope({ id: 'm', attempt: 0, sentAt: 1, type: 'j' }, '1') },
  ]);
  await holding.swap({ sources: ['q'], want: 1 });
  await until(
    'it is seen',
    async () => (await metric('marblerun_processes', `run="${run}",missed_by="connection"`)) === 1,
  );
  return { container, process };
}
const label = (run: string) => ({ 'marblerun.run': run });

async function metric(name: string, labels: string): Promise<number> {
  const text = await (await fetch(`${monitor.url!}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name}{${labels}} `));
  return Number(line?.split(' ').at(-1));
}
const recovered = (run = bus.run) => metric('marblerun_recovery_total', `run="${run}",by="docker"`);
const heard = (event: string) => metric('marblerun_container_events_total', `run="${bus.run}",event="${event}"`);
const detail = async () => {
  const ready = (await (await fetch(`${monitor.url!}/health/ready`)).json()) as {
    runs: Record<string, Record<string, string>>;
  };
  return ready.runs[bus.run]!;
};
const passed = (ms: number) => {
  const end = Date.now() + ms;
  return until('the Monitor has looked', () => Date.now() > end);
};

test('an end brings back at once what a process held whose connection is gone, and what no other event does', async () => {
  const { container, process } = await works();
  await process.close();
  const others = ['kill', 'stop', 'oom', 'pause', 'unpause', 'health_status: unhealthy'];
  for (const action of others) engine.tell(action, container);
  await until('they are heard', async () => (await heard('unhealthy')) === 1);
  await passed(1000);
  expect(await recovered()).toBe(0);
  for (const event of ['kill', 'stop', 'oom', 'pause', 'unpause']) expect(await heard(event)).toBe(1);
  engine.tell('die', container);
  await until('it is back', async () => (await recovered()) === 1);
  expect((await peek.show())[0]).toMatchObject({ depth: 1, held: 0 });
});

test('of signals SIGKILL is an end, before the engine tells of one', async () => {
  const { container, process } = await works();
  await process.close();
  engine.tell('kill', { ...container, labels: { ...container.labels, signal: '15' } });
  await until('it is heard', async () => (await heard('kill')) === 1);
  await passed(1000);
  expect(await recovered()).toBe(0);
  engine.tell('kill', { ...container, labels: { ...container.labels, signal: '9' } });
  await until('it is back', async () => (await recovered()) === 1);
  expect(await metric('marblerun_containers', `run="${bus.run}",state="running"`)).toBe(1); // it has not ended yet
});

test('an end that nobody heard is made up for by the listing: of one that is listed as ended, or not any more', async () => {
  const [listed, removed] = [await works(), await works(`${bus.run}-2`)];
  await Promise.all([listed.process.close(), removed.process.close()]);
  engine.containers.splice(0, 2, { ...listed.container, state: 'exited' });
  await passed(1000);
  expect([await recovered(), await recovered(`${bus.run}-2`)]).toEqual([0, 0]);
  engine.cut();
  await until('both are back', async () => (await recovered()) === 1 && (await recovered(`${bus.run}-2`)) === 1);
});

test('the end of a container that lives takes nothing, and neither does that of another one', async () => {
  const [{ container }, ended] = [await works(), await works(`${bus.run}-2`)];
  await ended.process.close();
  for (let times = 0; times < 3; times++) {
    engine.tell('start', container);
    engine.tell('die', container);
  }
  await until('they are heard', async () => (await heard('die')) === 3);
  await passed(1000);
  expect((await peek.show())[0]).toMatchObject({ depth: 0, held: 1, counts: { dropped: 0 } });
  expect(await recovered(`${bus.run}-2`)).toBe(0);
});

test('a container works for all runs that its label names', async () => {
  const { container, process } = await works(`${bus.run}-2`);
  await process.close();
  engine.tell('die', { ...container, id: 'f'.repeat(64), labels: label(`${bus.run}, ${bus.run}-2, elsewhere`) });
  await until('it is heard', async () => (await heard('die')) === 1);
  const both = { ...container, id: container.id, labels: label(`${bus.run},${bus.run}-2`) };
  engine.tell('destroy', container); // its label was another one before
  engine.tell('die', both);
  await until('it is back', async () => (await recovered(`${bus.run}-2`)) === 1);
});

test('paused and unhealthy containers are shown, with their names, until they are not', async () => {
  expect(await detail()).toMatchObject({ docker: 'turning' });
  const { container } = await works();
  engine.tell('pause', container);
  engine.tell('health_status: unhealthy', container);
  const shown = new RegExp(`^worker-\\d+ \\(${container.id.slice(0, 12)}\\) is paused since 20[^ ]+Z and unhealthy$`);
  await until('it is shown', async () => shown.test((await detail())['containers'] ?? ''));
  expect(await metric('marblerun_containers', `run="${bus.run}",state="paused"`)).toBe(1);
  engine.tell('unpause', container);
  engine.tell('health_status: healthy', container);
  await until('it is not', async () => !('containers' in (await detail())));
  expect(await metric('marblerun_containers', `run="${bus.run}",state="running"`)).toBe(1);
});

test('an engine that is away is shown, and the Monitor is ready all the same', async () => {
  await engine.close();
  await until('it is shown', async () => /^not heard: docker: /.test((await detail())['docker'] ?? ''));
  expect((await fetch(`${monitor.url!}/health/ready`)).status).toBe(200);
  expect(await (await fetch(`${monitor.url!}/metrics`)).text()).toContain(
    `\nmarblerun_docker_up{run="${bus.run}"} 0\n`,
  );
});
