/** Batches on the dashboard, in a real browser. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Browser, findBrowser, freePort, freshBus, until } from '@marblerun/test-support';
import { Marble } from 'marblerun';
import { Communicator, encodeEnvelope, newId, type Output } from 'marblerun/communicator';
import { HARD_TO_READ } from './hard-to-read.js';
import { startMonitor } from './services.js';
import { story } from './story.js';

const HOSTILE = '<img src=x onerror=alert(1)>';
const CHANGE = 'the-token-for-changes-of-the-page';
/** The widths of the parts of each bar, in thousandths. */
const WIDTHS = `[...document.querySelectorAll('[data-is="batches"] svg')].map((bar) =>
  [...bar.children].map((part) => part.getAttribute('width')))`;
const PATIENT = { deadlineMs: 60_000, everyMs: 100 };

jest.setTimeout(180_000);

const missing = findBrowser() ? '' : 'no Chromium is installed ("apt-get install chromium")';
story('batches on the dashboard in a browser', missing, () => {
  const bus = freshBus();
  let marble: Marble;
  let communicator: Communicator;
  let browser: Browser;
  let nightly: string;
  const endings: (() => Promise<unknown>)[] = [];

  const text = async (selector: string) =>
    (await browser.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`)) as string;
  const says = (selector: string, what: RegExp) =>
    until(`${selector} says ${what}`, async () => what.exec(await text(selector)), PATIENT);
  const does = (selector: string) => browser.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
  /** Reads the rows of a table from the page, a list of cells each; a bar yields its label. */
  const rows = async (name: string) =>
    (await browser.evaluate(
      `[...document.querySelectorAll('[data-is="${name}"] tr')].map((row) => [...row.children].map((cell) =>
        cell.querySelector('svg')?.ariaLabel ?? cell.textContent))`,
    )) as string[][];
  const state = async () => (await communicator.batches.states([nightly]))[0]!;
  const work = async (n: number, error?: string) => {
    for (let i = 0; i < n; i++) {
      await marble.wait('files');
      await (error === undefined ? marble.finish() : marble.fail(new Error(`${error} ${i}`)));
    }
  };

  async function open(name: string, parent?: string): Promise<string> {
    const about = { name, onDead: 'wait', keepMs: 60_000, elevated: 'wait' } as const;
    return (await communicator.batches.open({ about, parent, then: undefined })).id;
  }

  async function send(member: string, n: number): Promise<void> {
    const outputs = Array.from({ length: n }, (): Output => {
      const header = { id: newId(), attempt: 0, sentAt: Date.now(), type: 'j', member } as const;
      return { kind: 'back', queue: 'files', envelope: encodeEnvelope(header, '1'), member };
    });
    await communicator.push(outputs);
  }

  beforeAll(async () => {
    const port = String(await freePort());
    const env = { MARBLERUN_TOKEN: CHANGE, MARBLERUN_REDIS: bus.redis, MARBLERUN_RUN: bus.run, MARBLERUN_PORT: port };
    const monitor = await startMonitor(env);
    endings.push(() => monitor.program.kill());
    marble = new Marble({ ...bus, maxAttempts: 1 });
    communicator = new Communicator(bus);
    endings.push(() => Promise.all([marble.close(), communicator.close()]));
    nightly = await open('nightly');
    await open('within', nightly);
    await send(nightly, 19);
    await communicator.batches.seal(nightly);
    await work(2, HOSTILE);
    browser = await Browser.start();
    endings.push(() => browser.stop());
    await browser.open(monitor.url);
  });
  afterAll(async () => {
    for (const end of endings.reverse()) await end();
  });

  test('each has a bar, and the rate and the time that is left come from what the page has seen', async () => {
    const bar = '0 finished, 2 dead, 0 dropped, 18 left';
    await until('they are there', async () => (await rows('batches')).length === 2, PATIENT);
    const found = await rows('batches');
    expect(found).toContainEqual(['nightly', 'sealed', bar, '18', '0', '2', '–', '–']);
    expect(found.map(([name]) => name).sort()).toEqual(['nightly', 'within']);
    await work(5);
    const moved = await until(
      'it has moved',
      async () => (await rows('batches')).find(([, , , , n]) => n === '5'),
      PATIENT,
    );
    const [, , said, left, , dead, rate, eta] = moved;
    expect([said, left, dead]).toEqual(['5 finished, 2 dead, 0 dropped, 13 left', '13', '2']);
    expect([rate, eta]).toEqual([expect.stringMatching(/^\d+\.\d\/s$/), expect.stringMatching(/^[\d.]+ (s|min)$/)]);
    expect(await browser.evaluate(WIDTHS)).toContainEqual(['250', '100', '0']);
  });

  test('one is opened by its name: what its dead died of, as text, and the batches in it', async () => {
    await browser.evaluate(
      `[...document.querySelectorAll('[data-is="batches"] a')].find((a) => a.text === 'nightly').click()`,
    );
    await says('[data-is="batch-name"]', /^Batch nightly$/);
    expect(await browser.evaluate('location.hash')).toBe(`#${bus.run}/${nightly}`);
    expect(await rows('batch-failures')).toEqual([
      [`files: failed: ${HOSTILE.replace('1', '#')} #`, '2', expect.any(String), expect.any(String)],
    ]);
    expect((await rows('batch-children')).map(([name, how]) => [name, how])).toEqual([['within', 'open']]);
    expect(await browser.evaluate(`document.querySelectorAll('img').length`)).toBe(0);
    expect(await browser.evaluate('document.activeElement.dataset.is')).toBe('batch-name');
  });

  test.each(['light', 'dark'])('all of it can be read, %s', async (value) => {
    await browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
    expect(await browser.evaluate(HARD_TO_READ)).toEqual([]);
  });

  test('its dead are tried again, with a token', async () => {
    await does('[data-is="batch-retry"]');
    expect(await text('#ask-what')).toBe('Try the 2 dead letters of batch nightly again?');
    expect((await state()).dead).toBe(2);
    await browser.type(CHANGE);
    await browser.press('Enter');
    await says('#done', /^Requeued: 2 of batch nightly\.$/);
    expect(await state()).toMatchObject({ dead: 0, left: 15 });
    await until('none is shown', async () => (await rows('batch-failures'))[0]?.[0] === 'No marble is dead.', PATIENT);
    expect(await browser.evaluate(`document.querySelector('[data-is="batch-retry"]').disabled`)).toBe(true);
  });

  test('it is cancelled after a question, with the batch in it', async () => {
    await does('[data-is="batch-cancel"]');
    expect(await text('#ask-what')).toBe('Cancel batch nightly?');
    await browser.press('Escape');
    expect((await state()).cancelled).toBeUndefined();
    await does('[data-is="batch-cancel"]');
    await does('#ask-do');
    await says('#done', /^Cancelled: batch nightly\.$/);
    expect((await state()).cancelled).toBe('cancelled by a person');
    await says('[data-is="batch-about"]', /^is cancelled · cancelled: cancelled by a person/);
    await until('that in it too', async () => (await rows('batch-children'))[0]?.[1] === 'cancelled', PATIENT);
  });

  test('it is closed again, one that is not there is told, and nothing went wrong', async () => {
    const hidden = `document.querySelector('[data-is="batch"]').hidden`;
    await does('[data-is="batch-close"]');
    await until('it is closed', async () => await browser.evaluate(hidden), PATIENT);
    await browser.evaluate(`location.hash = '#${bus.run}/none1x'`);
    await says('[data-is="batch-missing"]', /^There is no such batch/);
    expect(await browser.evaluate(`document.querySelector('[data-is="batch-found"]').hidden`)).toBe(true);
    expect(browser.trouble.filter((line) => !line.includes('404'))).toEqual([]);
  });
});
