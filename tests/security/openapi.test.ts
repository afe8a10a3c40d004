import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startServices, type Services } from './services.js';

interface Operation {
  summary?: string;
  security?: object[];
  responses: Record<string, { content?: Record<string, { schema: { required?: string[] } }> }>;
}
interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}

/** Routes that are not in the document: the document itself, and files that hold no data. */
const HIDDEN = {
  monitor: [
    '/openapi.json',
    '/',
    ...readdirSync(new URL('../../../services/monitor/dashboard/', import.meta.url)).map((file) => `/${file}`),
  ],
  elevator: ['/openapi.json'],
};

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services.stop());

describe.each(['monitor', 'elevator'] as const)('the OpenAPI document of the %s', (name) => {
  const checkedIn = JSON.parse(
    readFileSync(new URL(`../../../docs/openapi/${name}.json`, import.meta.url), 'utf8'),
  ) as OpenApi;

  test('is served as it is checked in ("npm run docs" writes it)', async () => {
    expect(await (await services.get(name, '/openapi.json')).json()).toEqual(checkedIn);
  });

  test('knows every route that there is', () => {
    const { server } = services[name];
    for (const [path, methods] of Object.entries(checkedIn.paths)) {
      const url = path.replace(/\{(\w+)\}/g, ':$1');
      for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
        expect([url, method, server.hasRoute({ method: method.toUpperCase(), url })]).toEqual([
          url,
          method,
          methods[method] !== undefined,
        ]);
      }
    }
    const known = server.printRoutes({ commonPrefix: false }).match(/\((?:HEAD, )?(?:GET|POST|DELETE|PUT|PATCH)/g);
    const written = Object.values(checkedIn.paths).flatMap((methods) => Object.keys(methods));
    for (const url of HIDDEN[name]) expect([url, server.hasRoute({ method: 'GET', url })]).toEqual([url, true]);
    expect(known).toHaveLength(written.length + HIDDEN[name].length);
  });

  test('says of every route what it answers, also when it fails, and whether it needs a token', () => {
    for (const [path, methods] of Object.entries(checkedIn.paths)) {
      for (const [method, { summary, security, responses }] of Object.entries(methods)) {
        expect([path, summary]).toEqual([path, expect.stringMatching(/^[A-Z]/)]);
        expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
        if (path.startsWith('/health/')) continue;
        expect(security).toEqual(method === 'get' ? [{}, { token: [] }] : [{ token: [] }]);
        for (const status of ['4XX', '5XX']) {
          const problem = responses[status]?.content?.['application/problem+json'];
          expect(problem?.schema.required).toEqual(['type', 'title', 'status', 'detail']);
        }
      }
    }
  });
});
