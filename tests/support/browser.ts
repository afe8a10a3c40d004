/**
 * Chromium without a window, driven by the DevTools protocol over a pipe: it opens a page, looks at it, and uses it by
 * keyboard. `trouble` keeps everything that goes wrong in the page.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

type Answer = Record<string, unknown>;
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Answer;
  readonly result?: Answer;
  readonly error?: { readonly message: string };
}

const KEYS: Readonly<Record<string, { code: number; text?: string }>> = {
  Enter: { code: 13, text: '\r' },
  Tab: { code: 9 },
  Escape: { code: 27 },
};

/** Returns where Chromium is on this machine, if it is there. */
export function findBrowser(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((file) => existsSync(file));
}

export class Browser {
  /** Uncaught errors of the page, requests that its security policy refused, warnings, dialogs. */
  readonly trouble: string[] = [];
  readonly #open = new Map<number, { resolve: (result: Answer) => void; reject: (error: Error) => void }>();
  #count = 0;
  #session: string | undefined;
  #passed: (() => void) | undefined;

  private constructor(
    private readonly process: ChildProcess,
    private readonly profile: string,
  ) {
    let rest = Buffer.alloc(0);
    (process.stdio[4] as Readable).on('data', (piece: Buffer) => {
      rest = Buffer.concat([rest, piece]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        this.#hear(JSON.parse(rest.toString('utf8', 0, end)) as Message);
        rest = rest.subarray(end + 1);
      }
    });
    process.once('exit', () => {
      for (const { reject } of this.#open.values()) reject(new Error('the browser has ended'));
    });
  }

  static async start(): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), 'marblerun-browser-'));
    const options = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
    const pipe = ['--remote-debugging-pipe', `--user-data-dir=${profile}`, '--window-size=1360,1500'];
    const child = spawn(findBrowser()!, [...options, ...pipe, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    const browser = new Browser(child, profile);
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = sessionId as string;
    for (const domain of ['Page', 'Runtime', 'Log']) await browser.send(`${domain}.enable`);
    return browser;
  }

  send(method: string, params: Answer = {}): Promise<Answer> {
    const id = ++this.#count;
    const message = { id, method, params, ...(this.#session && { sessionId: this.#session }) };
    (this.process.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    return new Promise((resolve, reject) => this.#open.set(id, { resolve, reject }));
  }

  async open(url: string): Promise<void> {
    await this.send('Page.navigate', { url });
  }

  /** Returns the value of an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      ...{ expression, returnByValue: true, awaitPromise: true },
    });
    if (exceptionDetails) throw new Error(`in the page: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value?: unknown }).value;
  }

  /** Types a text into the element that has the keyboard. */
  async type(text: string): Promise<void> {
    await this.send('Input.insertText', { text });
  }

  async press(key: string): Promise<void> {
    const { code, text } = KEYS[key]!;
    const event = { key, code: key, windowsVirtualKeyCode: code };
    await this.send('Input.dispatchKeyEvent', { ...event, type: 'keyDown', ...(text && { text }) });
    await this.send('Input.dispatchKeyEvent', { ...event, type: 'keyUp' });
  }

  /**
   * Lets this much of the page's time pass, at once: its timers fire, and its requests are waited for. After the first
   * call, the page's clock moves only by this.
   */
  async pass(ms: number): Promise<void> {
    const passed = new Promise<void>((resolve) => (this.#passed = resolve));
    await this.send('Emulation.setVirtualTimePolicy', { policy: 'pauseIfNetworkFetchesPending', budget: ms });
    await passed;
  }

  /** Ends the browser. Safe to call twice. */
  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGKILL');
      await gone;
    }
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #hear({ id, method, params = {}, result = {}, error }: Message): void {
    if (id !== undefined) {
      const waits = this.#open.get(id);
      this.#open.delete(id);
      if (error) waits?.reject(new Error(error.message));
      else waits?.resolve(result);
      return;
    }
    if (method === 'Emulation.virtualTimeBudgetExpired') this.#passed?.();
    const { entry, exceptionDetails } = params as {
      entry?: { level: string; source: string };
      exceptionDetails?: object;
    };
    if (exceptionDetails) this.trouble.push(JSON.stringify(exceptionDetails));
    // the page itself has to report a request that is refused or not answered
    if (entry && /error|warning/.test(entry.level) && entry.source !== 'network')
      this.trouble.push(JSON.stringify(entry));
    if (method === 'Page.javascriptDialogOpening') this.trouble.push(`a dialog: ${JSON.stringify(params)}`);
  }
}
