import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { Latencies } from './latencies.js';

/** A request that was not answered well. */
export interface Failure {
  readonly atMs: number;
  readonly what: string;
}

const perSecond = 60;
const checkoutShare = 0.25;
const requestLimitMs = 10_000;
/** Requests before customers come, and how long they may take together. */
const rehearsals = 120;
const rehearsalLimitMs = 8000;
const skus = ['lamp', 'chair', 'kettle'] as const;
const customers = 200;

/**
 * Customers: an open loop that sends at a steady pace whatever the answers do, so that a slow shop cannot slow its own
 * measurement. Latency counts from the moment a request was due. Nothing is retried here; that is the shop's work.
 */
export class Load {
  readonly latencies = new Latencies();
  readonly failures: Failure[] = [];
  /** Answers by instance of inventory. */
  readonly instances = new Map<string, number>();
  /** Payments by provider. */
  readonly providers = new Map<string, number>();
  /** Instances of inventory that a customer's pages came from, of pages asked for since it was set; not noted while undefined. */
  byCustomer: Map<string, Set<string>> | undefined;
  requests = 0;
  /** Pages that were answered. */
  pages = 0;
  readonly #base: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 100 });
  readonly #inFlight = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(base: string) {
    this.#base = base;
  }

  /**
   * Tries pages and checkouts, one after the other and uncounted, so that programs that have just started have run each path
   * before customers come. Ends early on a machine that is too busy for it.
   */
  async rehearse(): Promise<void> {
    const endMs = performance.now() + rehearsalLimitMs;
    for (let tried = 0; tried < rehearsals && performance.now() < endMs; tried++) {
      const sku = skus[tried % skus.length] as string;
      const trial =
        tried % 3 === 0
          ? this.#http('POST', '/checkout', undefined, { sku, quantity: 1 })
          : this.#http('GET', `/products/${sku}`);
      await trial.catch(() => {});
    }
  }

  start(): void {
    const startedMs = performance.now();
    let sent = 0;
    this.#timer = setInterval(() => {
      const due = ((performance.now() - startedMs) / 1000) * perSecond;
      for (; sent < due; sent++) this.#send(startedMs + (sent / perSecond) * 1000);
    }, 5);
  }

  /** Stops sending and waits for what is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#inFlight);
    this.#agent.destroy();
  }

  #send(dueMs: number): void {
    const sku = skus[this.requests % skus.length] as string;
    const customer = `customer-${Math.floor(Math.random() * customers)}`;
    const checkout = Math.random() < checkoutShare;
    this.requests++;
    const call = checkout ? this.#checkout(sku, customer) : this.#page(sku, customer);
    const settled: Promise<void> = call
      .catch((error: Error) => {
        this.failures.push({ atMs: performance.now(), what: `${checkout ? 'checkout' : 'page'}: ${error.message}` });
      })
      .finally(() => {
        this.latencies.add(performance.now() - dueMs);
        this.#inFlight.delete(settled);
      });
    this.#inFlight.add(settled);
  }

  async #page(sku: string, customer: string): Promise<void> {
    const { byCustomer } = this;
    const page = await this.#http('GET', `/products/${sku}`, customer);
    const instance = String(page.servedBy);
    byCustomer?.set(customer, (byCustomer.get(customer) ?? new Set<string>()).add(instance));
    this.instances.set(instance, (this.instances.get(instance) ?? 0) + 1);
    this.pages++;
  }

  async #checkout(sku: string, customer: string): Promise<void> {
    const order = await this.#http('POST', '/checkout', customer, { sku, quantity: 1 });
    const provider = String(order.provider);
    this.providers.set(provider, (this.providers.get(provider) ?? 0) + 1);
  }

  #http(method: string, path: string, customer?: string, body?: object): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const headers = {
        ...(customer !== undefined && { 'x-customer': customer }),
        ...(body && { 'content-type': 'application/json', 'idempotency-key': `"${randomUUID()}"` }),
      };
      const sent = request(
        this.#base + path,
        { method, headers, agent: this.#agent, timeout: requestLimitMs },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            if (answer.statusCode === 200) resolve(JSON.parse(text) as Record<string, unknown>);
            else reject(new Error(`status ${answer.statusCode} ${text.slice(0, 300)}`));
          });
        },
      );
      sent.on('timeout', () => sent.destroy(new Error(`no answer in ${requestLimitMs} ms`)));
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
  }
}
