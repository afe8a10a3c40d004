import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startServices, type Services } from './services.js';

const OLD = 'the-old-token-of-the-tests';
const NEXT = 'the-next-token-of-the-tests';
const READ = 'the-read-token-of-the-tests';

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const READS = {
  monitor: (run: string) => [
    '/metrics',
    '/openapi.json',
    '/api/runs',
    `/api/runs/${run}/queues`,
    `/api/runs/${run}/outboxes`,
    `/api/runs/${run}/holders`,
    `/api/runs/${run}/dead`,
  ],
  elevator: () => ['/metrics', '/openapi.json', '/api/lanes'],
};

describe('with tokens for changes and for reads', () => {
  let services: Services;
  beforeAll(async () => {
    services = await startServices({ MARBLERUN_TOKEN: `${OLD},${NEXT}`, MARBLERUN_READ_TOKEN: READ });
  });
  afterAll(() => services.stop());

  const change = async (init: RequestInit) =>
    (await services.get('monitor', `/api/runs/${services.run}/dead/requeue`, { method: 'POST', ...init })).status;

  test('health is open: probes have no secrets', async () => {
    for (const name of ['monitor', 'elevator'] as const) {
      expect((await services.get(name, '/health/live')).status).toBe(200);
      expect([200, 503]).toContain((await services.get(name, '/health/ready')).status);
    }
  });

  test.each(['monitor', 'elevator'] as const)('reads of the %s need one of the tokens', async (name) => {
    for (const path of READS[name](services.run)) {
      expect([path, (await services.get(name, path)).status]).toEqual([path, 401]);
      for (const wrong of ['wrong', `${READ}x`, READ.slice(1), READ.toUpperCase(), ` ${READ} ${READ}`])
        expect([path, (await services.get(name, path, bearer(wrong))).status]).toEqual([path, 401]);
      const allowed = name === 'monitor' ? [READ, OLD, NEXT] : [READ];
      for (const token of allowed)
        expect([path, (await services.get(name, path, bearer(token))).status]).toEqual([path, 200]);
    }
  });

  test('changes need a token for changes: the old one and the next one, not the one for reads', async () => {
    expect(await change(bearer(OLD))).toBe(200);
    expect(await change(bearer(NEXT))).toBe(200);
    for (const init of [{}, bearer('wrong'), { headers: { authorization: `Basic ${OLD}` } }])
      expect(await change(init)).toBe(401);
    expect(await change(bearer(READ))).toBe(403);
    const refused = await services.get('monitor', '/metrics', bearer('wrong'));
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(await refused.json()).toMatchObject({ status: 401, title: 'Unauthorized' });
  });
});

test.each([
  ['nothing but a comma', ','],
  ['a blank', ' '],
  ['line breaks', '\n\n'],
])('a list of tokens of %s opens nothing: it is a mistake', async (_what, value) => {
  for (const name of ['MARBLERUN_READ_TOKEN', 'MARBLERUN_TOKEN']) {
    const starting = startServices({ [name]: value });
    await expect(starting).rejects.toMatchObject({ code: 'MR_BAD_CONFIG', message: expect.stringContaining(name) });
  }
});

test('without tokens reads are open and changes are refused', async () => {
  const services = await startServices();
  try {
    for (const path of READS.monitor(services.run)) expect((await services.get('monitor', path)).status).toBe(200);
    for (const init of [{}, bearer(OLD)]) {
      const url = `/api/runs/${services.run}/dead/1`;
      expect((await services.get('monitor', url, { method: 'DELETE', ...init })).status).toBe(403);
    }
  } finally {
    await services.stop();
  }
});
