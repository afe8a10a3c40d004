import { expect, test } from '@jest/globals';
import type { ContainerInspectInfo } from 'dockerode';
import { likenessOf } from './likeness.js';

const ID = 'abcdef123456'.padEnd(64, '0');
const NUMBER = 'com.docker.compose.container-number';

/** Makes what an engine tells of a container that compose has made, as far as it matters here. */
function info(form: { config?: object; host?: object; networks?: object; name?: string } = {}): ContainerInspectInfo {
  return {
    Id: ID,
    Name: form.name ?? '/shop-worker-1',
    Config: {
      ...{ Hostname: ID.slice(0, 12), Image: 'worker:1', Env: ['A=1'], Cmd: ['work'], StopTimeout: 20 },
      Labels: { [NUMBER]: '1', 'com.docker.compose.replace': 'an-older-one', own: 'label' },
      ...form.config,
    },
    HostConfig: {
      NetworkMode: 'shop_default',
      Memory: 1000,
      PortBindings: { '80/tcp': [{ HostPort: '' }] },
      ...form.host,
    },
    NetworkSettings: {
      Networks: form.networks ?? {
        shop_default: {
          Aliases: ['shop-worker-1', 'worker', ID.slice(0, 12)],
          IPAddress: '10.0.0.2',
          MacAddress: '02:42',
        },
        other: { Aliases: null, DriverOpts: { a: 'b' }, IPAMConfig: {} },
      },
    },
  } as unknown as ContainerInspectInfo;
}

test('it is alike, with the next number, a name by it, and nothing that is the other one’s own', () => {
  expect(likenessOf(info(), 'worker:1', 7)).toEqual({
    ...{ name: 'shop-worker-7', Image: 'worker:1', Env: ['A=1'], Cmd: ['work'], StopTimeout: 20 },
    Labels: { [NUMBER]: '7', own: 'label' },
    HostConfig: { NetworkMode: 'shop_default', Memory: 1000, PortBindings: { '80/tcp': [{ HostPort: '' }] } },
    NetworkingConfig: {
      EndpointsConfig: {
        shop_default: { Aliases: ['shop-worker-7', 'worker'] },
        other: { Aliases: [], DriverOpts: { a: 'b' } },
      },
    },
  });
});

test('a host name that was chosen stays, and names of older versions of compose are understood', () => {
  const likeness = likenessOf(
    info({ name: '/shop_worker_1', config: { Hostname: 'chosen', Labels: { [NUMBER]: '1' } } }),
    'x',
    2,
  );
  expect(likeness).toMatchObject({ name: 'shop_worker_2', Hostname: 'chosen', Image: 'x' });
});

test('without a network of its own there is none to connect', () => {
  const likeness = likenessOf(
    info({
      host: { NetworkMode: 'host' },
      config: { Hostname: 'the-host', Labels: { [NUMBER]: '1' } },
      networks: { host: {} },
    }),
    'x',
    2,
  );
  if (typeof likeness === 'string') throw new Error(likeness);
  expect([likeness.NetworkingConfig, likeness.Hostname, likeness.name]).toEqual([
    undefined,
    undefined,
    'shop-worker-2',
  ]);
});

test.each([
  [{ name: '/the-worker' }, /^the-worker cannot be copied: container_name gives it a name of its own$/],
  [{ name: '/shop-worker-2' }, /container_name/],
  [
    { host: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } } },
    /80\/tcp has the port 8080 of the host$/,
  ],
  [
    { networks: { shop_default: { IPAMConfig: { IPv4Address: '10.0.0.9' } } } },
    /address of its own in the network shop_default$/,
  ],
])('%j: there can be only one of it', (form, why) => {
  expect(likenessOf(info(form), 'x', 2)).toMatch(why);
});

test('a range of ports of the host has room for several', () => {
  const likeness = likenessOf(info({ host: { PortBindings: { '80/tcp': [{ HostPort: '8080-8090' }] } } }), 'x', 2);
  expect(likeness).toMatchObject({ name: 'shop-worker-2' });
});
