/**
 * A Monitor and its Docker engine: by TLS, through the proxy that comes with the Monitor, and what is told of mistakes.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { Program, makeAuthority, until, type Certificate } from '@marblerun/test-support';
import Docker from 'dockerode';
import { story } from '../story.js';
import { ContainerStage, ENGINE } from './container-stage.js';
import { tlsToEngine } from './engine-path.js';
import { whyNoEngine } from './stack.js';
import { WorkerContainers } from './worker-containers.js';

const MARBLES = 50;
const PROXY = fileURLToPath(new URL('../../../services/monitor/dist/docker-proxy/main.js', import.meta.url));

jest.setTimeout(120_000);

story('a Monitor and its engine', await whyNoEngine(), () => {
  let workers: WorkerContainers;
  let stage: ContainerStage;

  beforeAll(async () => {
    workers = await WorkerContainers.start('engine');
  });
  afterAll(() => workers.stop());
  beforeEach(() => {
    stage = new ContainerStage(workers);
  });
  afterEach(() => stage.clear());

  function folder(): string {
    const made = mkdtempSync(join(tmpdir(), 'marblerun-engine-'));
    stage.cleanUp.push(() => rmSync(made, { recursive: true }));
    return made;
  }

  /** A worker is killed, and what it held is back at once. */
  async function recoversAt(docker: string, env: Record<string, string> = {}): Promise<void> {
    const monitor = await stage.monitor(docker, env);
    await monitor.hears();
    const container = await stage.worker();
    await stage.hold(MARBLES);
    await container.kill();
    await stage.areBack(MARBLES);
    await monitor.hasRecovered(MARBLES);
  }

  test('at a TCP address it is asked with TLS, and only with a certificate that it knows', async () => {
    const authority = await makeAuthority();
    const [server, client] = [await authority.sign('engine'), await authority.sign('monitor')];
    const ca = readFileSync(authority.caFile);
    const engine = await tlsToEngine({
      ...{ ca, cert: readFileSync(server.certFile), key: readFileSync(server.keyFile) },
      ...{ requestCert: true, rejectUnauthorized: true },
    });
    stage.cleanUp.push(() => engine.stop());
    const MARBLERUN_DOCKER_CERTS = folder();
    const use = ({ certFile, keyFile }: Certificate) => {
      copyFileSync(certFile, join(MARBLERUN_DOCKER_CERTS, 'cert.pem'));
      copyFileSync(keyFile, join(MARBLERUN_DOCKER_CERTS, 'key.pem'));
    };
    copyFileSync(authority.caFile, join(MARBLERUN_DOCKER_CERTS, 'ca.pem'));
    use(await (await makeAuthority()).sign('stranger'));
    const refused = await stage.monitor(`tcp://localhost:${engine.port}`, { MARBLERUN_DOCKER_CERTS });
    await until('it is sent away', async () => (await refused.detail())['docker']?.startsWith('not heard: docker:'));
    use(client);
    await recoversAt(`tcp://localhost:${engine.port}`, { MARBLERUN_DOCKER_CERTS });
  });

  test('through the proxy, which lets only reads through', async () => {
    const socket = join(folder(), 'docker.sock');
    const proxy = new Program(PROXY, { env: { MARBLERUN_PROXY_SOCKET: socket } });
    stage.cleanUp.push(() => proxy.kill());
    await proxy.line(/"msg":"listening"/);
    await recoversAt(`unix://${socket}`);
    expect(proxy.lines.filter((line) => line.includes('refusal'))).toEqual([]);
    proxy.signal('SIGTERM');
    expect(await proxy.exited).toEqual({ code: 0, signal: null });
  });

  test('what changes something is let through the proxy where it was told so, and for labelled containers alone', async () => {
    const socketPath = join(folder(), 'docker.sock');
    const env = { MARBLERUN_PROXY_SOCKET: socketPath, MARBLERUN_PROXY_ALLOW: 'scale' };
    const proxy = new Program(PROXY, { env });
    stage.cleanUp.push(() => proxy.kill());
    await proxy.line(/"msg":"listening"/);
    const asked = new Docker({ socketPath });
    const worker = await stage.worker();
    const [redis] = await workers.docker.listContainers({ filters: { name: [`${workers.prefix}-redis`] } });
    expect((await asked.listContainers()).map(({ Id }) => Id)).toContain(worker.id);
    expect((await asked.listContainers()).map(({ Id }) => Id)).not.toContain(redis!.Id);
    await expect(asked.getContainer(redis!.Id).restart()).rejects.toMatchObject({ statusCode: 403 });
    await expect(asked.getContainer(redis!.Id).inspect()).rejects.toMatchObject({ statusCode: 403 });
    const { Config, HostConfig } = await asked.getContainer(worker.id).inspect();
    const like = { ...Config, HostConfig };
    for (const other of [{ HostConfig: { ...HostConfig, Privileged: true } }, { Labels: {} }, { Image: 'redis' }])
      await expect(asked.createContainer({ ...like, ...other })).rejects.toMatchObject({ statusCode: 403 });
    const made = await asked.createContainer({ ...like, name: `${workers.prefix}-made` });
    stage.cleanUp.push(() =>
      workers.docker
        .getContainer(made.id)
        .remove({ force: true })
        .catch(() => undefined),
    );
    await made.start();
    await made.restart({ t: 0 });
    await made.stop({ t: 0 });
    await made.remove({ v: true });
    expect(proxy.lines.filter((line) => line.includes('"audit":"change"'))).toHaveLength(5);
    expect(proxy.lines.filter((line) => line.includes('"audit":"refusal"'))).toHaveLength(5);
  });

  test('a label that names no run is told of, with its container', async () => {
    const monitor = await stage.monitor(ENGINE);
    const name = `${workers.prefix}-odd`;
    const { id } = await stage.worker({ name, run: 'no such run!', env: { MARBLERUN_RUN: stage.run } });
    const told = `"container":"${name} (${id.slice(0, 12)})","label":"marblerun.run","value":"no such run!"`;
    await until('it is told', () => monitor.program.lines.some((line) => line.includes(told)));
    expect(await monitor.containers('running')).toBe(0);
  });
});
