/**
 * A query field that is unknown or empty is a mistake on every route.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startServices, type Services } from './services.js';

const TOKEN = 'a-token-of-the-query-tests';
const NAMES = ['monitor', 'elevator'] as const;

interface Operation {
  readonly parameters?: readonly { in: string; name: string }[];
}

let services: Services;
beforeAll(async () => {
  services = await startServices({ MARBLERUN_TOKEN: TOKEN });
});
afterAll(() => services.stop());

/** Lists every route of the OpenAPI document, and the page, with the query fields that it knows. */
async function routes(name: (typeof NAMES)[number]) {
  const { paths } = (await (await services.get(name, '/openapi.json')).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  const known = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      method: method.toUpperCase() as 'GET',
      url: path.replace('{run}', services.run).replace('{serial}', '1').replace('{id}', 'a-01'),
      fields: parameters.filter((parameter) => parameter.in === 'query').map((parameter) => parameter.name),
    })),
  );
  const page = name === 'monitor' ? ['/', '/dashboard.js'] : [];
  return [
    ...known,
    ...['/openapi.json', ...page].map((url) => ({ method: 'GET' as const, url, fields: [] as string[] })),
  ];
}

test.each(NAMES)('of the %s: unknown, misspelt, repeated and empty ones are 400, without a change', async (name) => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const all = await routes(name);
  expect(all.length).toBeGreaterThan(4);
  for (const { method, url, fields } of all) {
    const wrong = ['other=1', 'queu=qa', '__proto__=1', 'constructor=', '=', ...fields.map((field) => `${field}=`)];
    wrong.push(
      ...fields.flatMap((field) => [`${field}=1&${field}=2`, `${field}=1&other=1`, field.toUpperCase() + '=1']),
    );
    for (const query of wrong) {
      const reply = await services[name].server.inject({ method, url: `${url}?${query}`, headers });
      expect([method, url, query, reply.statusCode]).toEqual([method, url, query, 400]);
      expect(reply.headers['content-type']).toContain('application/problem+json');
    }
    if (url.endsWith('/dead/delete')) continue; // it needs a queue or serials
    const right = await services[name].server.inject({ method, url, headers });
    expect([method, url, right.statusCode]).not.toEqual([method, url, 400]);
  }
});
