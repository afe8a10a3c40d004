/** The dashboard in a real browser: it is looked at, and used by keyboard. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Browser, RedisServer, findBrowser, freePort, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { HARD_TO_READ } from './hard-to-read.js';
import { startMonitor, type ServiceProcess } from './services.js';
import { story } from './story.js';

const HOSTILE = '<img src=x onerror=alert(1)>';
const CHANGE = 'the-token-for-changes-of-the-page';
const READ = 'the-token-for-reads-of-the-page';
const PATIENT = { deadlineMs: 60_000, everyMs: 100 };

jest.setTimeout(180_000);

const missing = findBrowser() ? '' : 'no Chromium is installed ("apt-get install chromium")';
story('the dashboard in a browser', missing, () => {
  let redis: RedisServer;
  let marble: Marble;
  let monitor: ServiceProcess;
  let browser: Browser;
  let env: Record<string, string>;
  const endings: (() => Promise<unknown>)[] = [];

  const text = async (selector: string) =>
    (await browser.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`)) as string;
  const says = (selector: string, what: RegExp) =>
    until(`${selector} says ${what}`, async () => what.exec(await text(selector)), PATIENT);
  const focus = (selector: string) => browser.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
  const inDialog = () => browser.evaluate(`document.getElementById('ask').open`);
  const fill = async (words: string) => {
    await browser.type(words);
    await browser.press('Enter');
  };
  /** Reads the rows of a table from the page, a list of cells each. */
  const rows = async (name: string) =>
    (await browser.evaluate(
      `[...document.querySelectorAll('[data-is="${name}"] tr')].map((row) => [...row.children].map((cell) => cell.textContent))`,
    )) as string[][];
  const dead = async () => {
    const answer = await fetch(`${monitor.url}/api/runs/main/dead`, { headers: { authorization: `Bearer ${READ}` } });
    return ((await answer.json()) as { total: number }).total;
  };

  async function die(queue: string, data: unknown): Promise<void> {
    await marble.send(queue, data);
    await marble.wait(queue);
    await marble.fail(new Error(`cannot do ${HOSTILE}`));
  }

  beforeAll(async () => {
    redis = await RedisServer.start(['--appendonly', 'yes']);
    endings.push(() => redis.stop());
    const port = String(await freePort());
    const tokens = { MARBLERUN_TOKEN: CHANGE, MARBLERUN_READ_TOKEN: READ };
    env = { ...tokens, MARBLERUN_REDIS: redis.url, MARBLERUN_RUN: 'main', MARBLERUN_PORT: port };
    monitor = await startMonitor(env);
    endings.push(() => monitor.program.kill());
    marble = new Marble({ redis: redis.url, run: 'main', maxAttempts: 1 });
    endings.push(() => marble.close());
    for (const n of [1, 2, 3]) await die('broken', { n, text: HOSTILE });
    await die('other', Buffer.from([1, 2, 3]));
    for (const n of [1, 2, 3]) await marble.send('tasks', { n });
    await marble.elevate('upwards', 'to a higher run');
    expect(await marble.wait('tasks')).toEqual({ n: 1 });
    await marble.report(`counts \u202e${HOSTILE}`);
    browser = await Browser.start();
    endings.push(() => browser.stop());
    await browser.open(monitor.url);
  });
  afterAll(async () => {
    for (const end of endings.reverse()) await end();
  });

  test('it asks for a token where reads need one, and again where that is wrong', async () => {
    await says('#state', /only to people with a token/);
    await focus('#read-token');
    await fill('not-the-token-of-the-page');
    await says('#locked-why', /does not accept this token/);
    await focus('#read-token');
    await fill(READ);
    await says('#state', /^Ready\.$/);
    expect(await text('[data-is="name"]')).toBe('main');
  });

  test('it shows queues, outboxes, holders and the dead; what others wrote is text', async () => {
    await until('all is there', async () => (await rows('dead')).length === 4, PATIENT);
    const queues = await rows('queues');
    expect(queues.map(([name, waiting, , held]) => [name, waiting, held])).toEqual([
      ['broken', '0', '0'],
      ['other', '0', '0'],
      ['tasks', '2', '1'],
      ['upwards', '0', '0'],
    ]);
    expect(await rows('outboxes')).toEqual([['upwards', '1', expect.stringMatching(/\d s$/)]]);
    const holder = [
      expect.any(String),
      expect.stringContaining(`, pid ${process.pid}`),
      `counts \\u202e${HOSTILE}`,
      '1',
    ];
    expect((await rows('holders')).map((cells) => cells.slice(0, 4))).toEqual([holder]);
    const [bytes, hostile] = await rows('dead');
    expect(hostile!.join(' ')).toContain(`failed: cannot do ${HOSTILE}`);
    expect(hostile!.join(' ')).toContain(`{"n":3,"text":"${HOSTILE}"}`);
    expect(bytes!.join(' ')).toContain('bytes, in base64:\nAQID');
    expect(await browser.evaluate(`document.querySelectorAll('img, main script').length`)).toBe(0);
  });

  test.each(['light', 'dark'])('all of it can be read, %s', async (value) => {
    await browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
    const ground = await browser.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe(value === 'dark' ? 'rgb(20, 23, 26)' : 'rgb(246, 246, 244)');
    expect(await browser.evaluate(HARD_TO_READ)).toEqual([]);
  });

  test('a dead letter is requeued by the keyboard, with a token that is asked for until it is right', async () => {
    await focus('[data-is="dead"] tr:nth-child(2) button');
    await browser.press('Enter');
    expect(await text('#ask-what')).toMatch(/^Requeue marble \S+ of queue broken\?$/);
    await fill('not-the-token-of-the-page');
    await says('#ask-trouble', /does not accept this token for changes/);
    await fill(READ);
    await says('#ask-trouble', /this token is for reads/);
    expect(await dead()).toBe(4);
    await fill(CHANGE);
    await says('#done', /^Requeued: marble \S+ of queue broken\.$/);
    expect([await inDialog(), await dead()]).toEqual([false, 3]);
    await until('the row is gone', async () => (await rows('dead')).length === 3, PATIENT);
    await until('it waits', async () => (await rows('queues'))[0]![1] === '1', PATIENT);
    expect(await browser.evaluate('document.activeElement.ariaLabel')).toMatch(/marble \S+ of queue/);
  });

  test('a deletion is asked about, and nothing is done when it is refused', async () => {
    const button = '[data-is="dead"] tr:first-child button.letter';
    await focus(button);
    await browser.press('Enter');
    expect(await text('#ask-what')).toMatch(/^Delete marble \S+ of queue other\?$/);
    await browser.press('Escape');
    await until('the dialog is closed', async () => !(await inDialog()));
    expect(await dead()).toBe(3);
    await focus(button);
    await browser.press('Enter');
    await browser.press('Tab'); // from Cancel to the button that acts
    await browser.press('Enter');
    await says('#done', /^Deleted: marble \S+ of queue other\.$/);
    expect(await dead()).toBe(2);
  });

  test('all dead letters of a queue are requeued', async () => {
    await browser.evaluate(`document.querySelector('[data-is="dead-queue"]').value = 'broken'`);
    await focus('[data-is="requeue-all"]');
    await browser.press('Enter');
    await browser.press('Tab');
    await browser.press('Enter');
    await says('#done', /^Requeued: 2 of queue broken\.$/);
    expect(await dead()).toBe(0);
    await until('none is shown', async () => (await rows('dead'))[0]?.[0] === 'None.', PATIENT);
  });

  test('it says that Redis is away, and that the Monitor is, and goes on by itself', async () => {
    await redis.kill();
    await says('#state', /^The Monitor cannot use Redis: /);
    expect(await text('#as-of')).toMatch(/^Below is the state at \d\d:\d\d:\d\d\.$/);
    expect((await rows('queues')).length).toBe(4);
    await redis.restart();
    await says('#state', /^Ready\.$/);
    await monitor.program.kill();
    await says('#state', /^The Monitor cannot be reached: no connection\.$/);
    monitor = await startMonitor(env);
    await says('#state', /^Ready\.$/);
    expect(await text('#as-of')).toMatch(/^As of /);
  });

  test('it rests while nobody looks', async () => {
    const look = (hidden: boolean) =>
      browser.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} });
        document.dispatchEvent(new Event('visibilitychange'))`);
    /** Counts the page's requests within a minute of its own time. */
    const asks = async () => {
      await browser.evaluate('performance.clearResourceTimings()');
      await browser.pass(60_000);
      return (await browser.evaluate(`performance.getEntriesByType('resource').length`)) as number;
    };
    expect(await asks()).toBeGreaterThan(60); // a look every 2 s, with more than two requests in each
    await look(true);
    await says('#state', /^Paused/);
    expect(await asks()).toBe(0);
    await look(false);
    expect(await asks()).toBeGreaterThan(60);
    expect(await text('#state')).toBe('Ready.');
  });

  test('it keeps nothing, and nothing in it went wrong or was refused by its policy', async () => {
    const kept = 'JSON.stringify([document.cookie, localStorage.length, sessionStorage.length])';
    expect(await browser.evaluate(kept)).toBe('["",0,0]');
    expect(await browser.evaluate(`document.documentElement.outerHTML.includes('${CHANGE}')`)).toBe(false);
    expect(browser.trouble).toEqual([]);
    await expect(browser.evaluate(`document.body.innerHTML = '<b>markup</b>'`)).rejects.toThrow(/TrustedHTML/);
  });
});
