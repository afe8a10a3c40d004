import { readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildMonitor } from './app.js';
import { readConfig } from './config.js';

const FOLDER = new URL('../dashboard/', import.meta.url);
const FILES = readdirSync(FOLDER);
const file = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8');
const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'application/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
const PROTECTION = {
  'content-security-policy':
    "default-src 'none';script-src 'self';style-src 'self';connect-src 'self';img-src 'self';base-uri 'none';" +
    "form-action 'none';frame-ancestors 'none';require-trusted-types-for 'script';trusted-types 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
/** A Monitor with tokens for all: its API is locked, and its page is not. */
const monitor = buildMonitor(
  readConfig({ MARBLERUN_LOG_LEVEL: 'silent', MARBLERUN_READ_TOKEN: 'a-token-of-the-dashboard' }),
);

beforeAll(() => monitor.server.listen({ host: '127.0.0.1', port: 0 }));
afterAll(async () => {
  await monitor.server.close();
  await monitor.stop();
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

/** Requests a path exactly as it is, without anything that would normalise it. */
function get(path: string): Promise<Answer> {
  const { port } = monitor.server.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body }));
    })
      .on('error', reject)
      .end();
  });
}

test('the page needs no token, sets no cookie, and may do next to nothing', async () => {
  const page = await get('/');
  expect([page.status, page.body]).toEqual([200, file('index.html')]);
  expect(page.headers).toMatchObject({ ...PROTECTION, 'content-type': TYPES['html'] });
  expect(page.headers['content-security-policy']).not.toMatch(/unsafe|\*|http|data:/);
  expect(page.headers).not.toHaveProperty('set-cookie');
  expect(page.headers).not.toHaveProperty('access-control-allow-origin');
});

test.each([
  ['/api/runs', 401],
  ['/health/live', 200],
  ['/nowhere', 404],
])('%s is answered with the same protection, and %d', async (path, status) => {
  const answer = await get(path);
  expect(answer.status).toBe(status);
  expect(answer.headers).toMatchObject(PROTECTION);
  expect(answer.headers).not.toHaveProperty('set-cookie');
});

test.each(FILES)('%s is served as what it is', async (name) => {
  const { status, headers, body } = await get(`/${name}`);
  expect([status, body]).toEqual([200, file(name)]);
  expect(headers).toMatchObject({ ...PROTECTION, 'content-type': TYPES[name.split('.').pop()!] });
});

test('all that is referred to is a file of the folder, and each file is referred to', () => {
  const inPage = [...file('index.html').matchAll(/(?:src|href)="([^"]*)"/g)].map(([, name]) => name!);
  const scripts = FILES.filter((name) => name.endsWith('.js'));
  const imported = scripts.flatMap((name) =>
    [...file(name).matchAll(/from '\.\/([^']*)'/g)].map(([, found]) => found!),
  );
  const referred = new Set([...inPage, ...imported, 'index.html']);
  referred.delete('api/runs'); // the page names it for browsers without JavaScript
  expect([...referred].sort()).toEqual([...FILES].sort());
});

describe('nothing is within the page that its policy forbids:', () => {
  test('no script, style or handler in the markup', () => {
    const page = file('index.html');
    expect([...page.matchAll(/<script(?![^>]* src=)/g)]).toEqual([]);
    expect([...page.matchAll(/<script[^>]*>[^<]/g)]).toEqual([]);
    expect([...page.matchAll(/<style|\sstyle=|\son\w+=|javascript:|https?:/gi)]).toEqual([]);
  });

  test.each(FILES.filter((name) => /\.(js|css)$/.test(name)))('%s makes no markup and keeps nothing', (name) => {
    expect(file(name)).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/);
    expect(file(name)).not.toMatch(/localStorage|sessionStorage|indexedDB|cookie|https?:|@import|url\(/);
  });
});

test.each([
  '/../package.json',
  '/../dist/main.js',
  '/dashboard.js/../../package.json',
  '/%2e%2e/package.json',
  '/..%2fpackage.json',
  '/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd',
  '/..%5cpackage.json',
  '//etc/passwd',
  '/%00',
  '/dashboard.js%00.html',
  '/dashboard.ts',
  '/.',
  '/./',
])('%s is no way out of the folder', async (path) => {
  const { status, body } = await get(path);
  expect([400, 404]).toContain(status);
  expect(body).not.toMatch(/"name"|root:|runService/);
});

test('the page is no part of the API, so the OpenAPI document does not have it', () => {
  const { paths } = monitor.server.swagger();
  expect(Object.keys(paths!)).toContain('/api/runs');
  expect(Object.keys(paths!).filter((path) => path === '/' || path.includes('.'))).toEqual([]);
});
