/** The dashboard, running. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { endsWithUs } from '../tools.js';
import type { Artifacts } from './artifacts.js';
import { Browser } from './browser.js';

const startLimitMs = 60_000;
const lookLimitMs = 30_000;
const pollMs = 200;

/** A running dashboard. */
export class Dashboard implements AsyncDisposable {
  readonly #jetty: ChildProcess;
  readonly #end: () => Promise<void>;
  readonly #url: string;
  readonly #underscore: Buffer;

  private constructor(jetty: ChildProcess, url: string, underscore: Buffer) {
    this.#jetty = jetty;
    this.#end = endsWithUs(jetty);
    this.#url = url;
    this.#underscore = underscore;
  }

  /** Starts it on a port of its own. */
  static async start({ dashboard, jetty, underscore }: Artifacts, signal: AbortSignal): Promise<Dashboard> {
    const port = await freePort();
    const child = spawn('java', ['-jar', jetty, '--host', '127.0.0.1', '--port', String(port), dashboard], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const started = new Dashboard(child, `http://127.0.0.1:${port}`, underscore);
    try {
      await started.#answers(signal);
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
    return started;
  }

  /**
   * Opens its page on a stream in a browser.
   * @param stream - the address of a stream of Hystrix.
   * @param wanted - tells when the page has become what it shall be.
   * @returns the page as it is then, or at the end of the time.
   */
  async look(stream: string, wanted: (html: string) => boolean, signal: AbortSignal): Promise<string> {
    await using browser = await Browser.start();
    const streams = JSON.stringify([{ name: 'shop', stream }]);
    const page = `${this.#url}/monitor/monitor.html?streams=${encodeURIComponent(streams)}`;
    return await browser.see(page, { 'underscore-min.js': this.#underscore }, wanted, { limitMs: lookLimitMs, signal });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }

  async #answers(signal: AbortSignal): Promise<void> {
    let said = '';
    this.#jetty.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
    });
    for (let waitedMs = 0; !(await isThere(`${this.#url}/monitor/monitor.html`)); waitedMs += pollMs) {
      if (waitedMs >= startLimitMs || this.#jetty.exitCode !== null)
        throw new Error(`the dashboard did not start; it said:\n${said}`);
      await sleep(pollMs, undefined, { signal });
    }
  }
}

async function isThere(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** A port that nobody listens on right now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
