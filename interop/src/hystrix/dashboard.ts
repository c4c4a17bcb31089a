/** The dashboard, running, and a browser that looks at it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ToolMissingError } from '../interop.js';
import type { Artifacts } from './artifacts.js';

const run = promisify(execFile);
const startLimitMs = 60_000;
const lookLimitMs = 60_000;
/** The page reads the stream for so long before it is looked at. */
const watchMs = 6000;
const maxPageBytes = 16 * 2 ** 20;
const browsers = Object.freeze(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']);

/** A running dashboard. */
export class Dashboard implements AsyncDisposable {
  readonly #jetty: ChildProcess;
  readonly #url: string;
  readonly #scripts: Server;

  private constructor(jetty: ChildProcess, url: string, scripts: Server) {
    this.#jetty = jetty;
    this.#url = url;
    this.#scripts = scripts;
  }

  /** Starts it on a port of its own, and beside it a server of scripts for its page. */
  static async start({ dashboard, jetty, jquery }: Artifacts, signal: AbortSignal): Promise<Dashboard> {
    const scripts = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(jquery);
    });
    await portOf(scripts);
    const probe = createServer();
    const own = await portOf(probe);
    await closed(probe);
    const child = spawn('java', ['-jar', jetty, '--host', '127.0.0.1', '--port', String(own), dashboard], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const started = new Dashboard(child, `http://127.0.0.1:${own}`, scripts);
    try {
      await started.#answers(signal);
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
    return started;
  }

  /**
   * Opens its page on a stream, lets it read for some seconds, and answers what the page has become.
   * @param stream - the address of a stream of Hystrix.
   */
  async look(stream: string, signal: AbortSignal): Promise<string> {
    const { port } = this.#scripts.address() as AddressInfo;
    const page = `${this.#url}/monitor/monitor.html?stream=${encodeURIComponent(stream)}`;
    const args = [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--dump-dom'],
      `--host-resolver-rules=MAP ajax.googleapis.com 127.0.0.1:${port}`,
      `--timeout=${watchMs}`,
      page,
    ];
    for (const browser of browsers) {
      try {
        const options = { signal, timeout: lookLimitMs, maxBuffer: maxPageBytes };
        return (await run(browser, args, options)).stdout;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    throw new ToolMissingError('Chromium is needed, and none was found');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closed(this.#scripts);
    if (this.#jetty.exitCode !== null || this.#jetty.signalCode !== null) return;
    const ended = once(this.#jetty, 'exit');
    this.#jetty.kill('SIGKILL');
    await ended;
  }

  async #answers(signal: AbortSignal): Promise<void> {
    let said = '';
    this.#jetty.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
    });
    const until = AbortSignal.any([signal, AbortSignal.timeout(startLimitMs)]);
    while (!(await isThere(`${this.#url}/monitor/monitor.html`))) {
      if (until.aborted || this.#jetty.exitCode !== null)
        throw new Error(`the dashboard did not start; it said:\n${said}`);
      await sleep(200);
    }
  }
}

async function isThere(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
