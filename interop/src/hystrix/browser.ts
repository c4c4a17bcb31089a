/** Chromium without a window, spoken to by its DevTools protocol. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'undici';
import { ToolMissingError } from '../interop.js';
import { endsWithUs } from '../tools.js';

const names = Object.freeze(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']);
const startLimitMs = 60_000;
const pollMs = 250;

/** A running browser. */
export class Browser implements AsyncDisposable {
  readonly #end: () => Promise<void>;
  readonly #url: string;
  readonly #profile: string;

  private constructor(child: ChildProcess, url: string, profile: string) {
    this.#end = endsWithUs(child);
    this.#url = url;
    this.#profile = profile;
  }

  /** Starts the first browser that there is. @throws ToolMissingError when there is none. */
  static async start(): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), 'fwk-browser-'));
    const args = [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
      ...['--remote-debugging-port=0', `--user-data-dir=${profile}`],
    ];
    for (const name of names) {
      const child = spawn(name, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      const url = await listening(child);
      if (url !== undefined) return new Browser(child, url, profile);
    }
    await rm(profile, { recursive: true });
    throw new ToolMissingError(`a browser is needed, and there is none of ${names.join(', ')}`);
  }

  /**
   * Opens a page, and reads it again and again until it has become what is wanted.
   * @param scripts - given to the page by the ends of their addresses, instead of what it would load from there.
   * @returns the page as it is then, or at the end of the time.
   */
  async see(
    page: string,
    scripts: Readonly<Record<string, Buffer>>,
    wanted: (html: string) => boolean,
    { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal },
  ): Promise<string> {
    const opened = await fetch(`${this.#url}/json/new?about:blank`, { method: 'PUT', signal });
    const { webSocketDebuggerUrl } = (await opened.json()) as { webSocketDebuggerUrl: string };
    const tab = await Tab.at(webSocketDebuggerUrl, scripts);
    try {
      await tab.open(page);
      for (let waitedMs = 0; ; waitedMs += pollMs) {
        const html = await tab.html();
        if (wanted(html) || waitedMs >= limitMs) return html;
        await sleep(pollMs, undefined, { signal });
      }
    } finally {
      tab.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    await rm(this.#profile, { recursive: true, maxRetries: 5 });
  }
}

/** Where it can be spoken to; undefined where there is no such program. */
async function listening(child: ChildProcess): Promise<string | undefined> {
  let said = '';
  const found = new Promise<string>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
    });
  });
  const missing = once(child, 'error').then(() => undefined);
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the browser ended; it said:\n${said}`)));
  missing.catch(() => {});
  ended.catch(() => {});
  const late = sleep(startLimitMs, undefined, { ref: false }).then(() => {
    child.kill('SIGKILL');
    throw new Error(`the browser did not start within ${startLimitMs} ms; it said:\n${said}`);
  });
  late.catch(() => {});
  return Promise.race([found, missing, ended, late]);
}

/** One page of the browser. */
class Tab {
  readonly #socket: WebSocket;
  readonly #scripts: Readonly<Record<string, Buffer>>;
  readonly #waiting = new Map<number, (result: Readonly<Record<string, unknown>>) => void>();
  #asked = 0;

  private constructor(socket: WebSocket, scripts: Readonly<Record<string, Buffer>>) {
    this.#socket = socket;
    this.#scripts = scripts;
    socket.addEventListener('message', ({ data }) => this.#hear(JSON.parse(String(data))));
  }

  static async at(url: string, scripts: Readonly<Record<string, Buffer>>): Promise<Tab> {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    const tab = new Tab(socket, scripts);
    await tab.#ask('Fetch.enable', { patterns: Object.keys(scripts).map((end) => ({ urlPattern: `*${end}` })) });
    return tab;
  }

  async open(url: string): Promise<void> {
    await this.#ask('Page.navigate', { url });
  }

  async html(): Promise<string> {
    const expression = 'document.documentElement.outerHTML';
    const { result } = await this.#ask('Runtime.evaluate', { expression, returnByValue: true });
    return Object(result).value ?? '';
  }

  close(): void {
    this.#socket.close();
  }

  #ask(method: string, params: object): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#asked;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #hear({ id, method, result = {}, params }: Message): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    } else if (method === 'Fetch.requestPaused' && params) {
      const [, script] = Object.entries(this.#scripts).find(([end]) => params.request.url.endsWith(end)) ?? [];
      const responseHeaders = [{ name: 'content-type', value: 'text/javascript' }];
      const body = script?.toString('base64');
      void this.#ask('Fetch.fulfillRequest', { requestId: params.requestId, responseCode: 200, responseHeaders, body });
    }
  }
}

/** What a browser says: an answer, or an event. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly params?: { readonly requestId: string; readonly request: { readonly url: string } };
}
