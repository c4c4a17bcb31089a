/**
 * A service that a test makes up: it has a contract, and does with each call what its script says. It is called in process, by a
 * client with all its layers, or over a real port.
 */
import { AssertionError } from 'node:assert';
import { randomUUID } from 'node:crypto';
import type { ProviderEntry } from '@fwk/core';
import type { Registration, Registry } from '@fwk/discovery';
import { type Env, makeEnv, noLogger, type Token } from '@fwk/kernel';
import { appParts } from '../client/app-parts.js';
import { clientOf } from '../client/client-of.js';
import { type ClientOptions, type ClientParts, clientDefaults } from '../client/client-options.js';
import { createClient } from '../client/create-client.js';
import type { AnyContract, Client, OperationName } from '../contract/contract-types.js';
import type { HttpServer } from '../server/http-server.js';
import { createServer } from '../server/server.js';
import { ConnectionFault, FakeClosed } from './connection-fault.js';
import type { FakeCall, GivenCall } from './fake-call.js';
import { type FakeScript, Script } from './fake-script.js';
import { inProcess } from './in-process.js';

/** Options of a client of a fake: where it calls is known. */
export type FakeClientOptions<C> = Partial<Omit<ClientOptions<C>, 'endpoints' | 'service'>> &
  Pick<ClientParts, 'env' | 'policies' | 'caller'>;

/** Where a fake listens. */
export interface FakeListenOptions {
  /** Where it is registered as an instance of its service, so that the program under test finds it. @defaultValue nowhere */
  readonly registry?: Registry;
  /** 0 for any free one. @defaultValue that of the last time, else 0 */
  readonly port?: number;
  /** Its clock is that of delays. @defaultValue the process's own */
  readonly env?: Partial<Env>;
}

/** A fake; see the head of this file. Close it, or dispose it with `await using`. */
export interface FakeService<C extends AnyContract> extends AsyncDisposable {
  /** All calls that it got, oldest first; each attempt is one. */
  readonly calls: readonly FakeCall<C>[];
  /** Those of one operation. */
  callsOf<Op extends OperationName<C>>(operation: Op): readonly FakeCall<C, Op>[];
  /**
   * Says what operations do from now on; those that are not named go on with what they had.
   * @throws AssertionError (its promise) for an answer that does not fit the contract, OptionsError for an operation that there is not.
   */
  script(script: FakeScript<C>): Promise<void>;
  /**
   * @throws AssertionError that lists all calls, unless the operation was called so often.
   */
  expectCalls(operation: OperationName<C>, count: number): void;
  /** Makes a client that calls it in process, with all layers of a client. The caller disposes it. */
  client(options?: FakeClientOptions<C>): Client<C> & AsyncDisposable;
  /**
   * For `overrides` of an application: who injects the client gets one that calls the fake in process, and follows the application's
   * policies and clock.
   * @param key - of the client. @defaultValue `clientOf(contract)`
   * @param options - those that the key was made with.
   */
  override(key?: Token<Client<C> & AsyncDisposable>, options?: FakeClientOptions<C>): ProviderEntry;
  /** Listens on a port of this machine, for programs that make their own connections. @returns its base URL */
  listen(options?: FakeListenOptions): Promise<string>;
  /** Leaves the registry and the port: connections are refused until it listens again. */
  stopListening(): Promise<void>;
  /**
   * Stops all.
   * @throws AssertionError (its promise) when an operation without a script was called, or a handler answered against the contract.
   */
  close(): Promise<void>;
}

/**
 * Makes a fake of the service of a contract.
 * @param script - what operations do; one that is called without a script answers 501, and `close` tells so.
 * @throws AssertionError (its promise) for an answer that does not fit the contract
 * @example await using inventory = await fakeService(contract, { stock: [failsWith(503), answers({ sku: 'lamp', left: 7 })] });
 */
export async function fakeService<C extends AnyContract>(
  contract: C,
  script: FakeScript<C> = {},
): Promise<FakeService<C>> {
  const fake = new Fake(contract);
  await fake.script(script);
  return fake;
}

class Fake<C extends AnyContract> implements FakeService<C> {
  readonly #contract: C;
  readonly #script: Script;
  #server: HttpServer | undefined;
  #registration: Registration | undefined;
  #port = 0;

  constructor(contract: C) {
    this.#contract = contract;
    this.#script = new Script(contract);
  }

  get calls(): readonly FakeCall<C>[] {
    return this.#script.calls as readonly unknown[] as readonly FakeCall<C>[];
  }

  callsOf<Op extends OperationName<C>>(operation: Op): readonly FakeCall<C, Op>[] {
    return this.calls.filter((call): call is FakeCall<C, Op> => call.operation === operation);
  }

  script(script: FakeScript<C>): Promise<void> {
    return this.#script.set(script);
  }

  expectCalls(operation: OperationName<C>, count: number): void {
    const actual = this.callsOf(operation).length;
    if (actual === count) return;
    const lines = this.calls.map(
      (call, index) => `${index + 1}. ${call.operation}: it ${call.did} (at ${call.atMs} ms)`,
    );
    const message = `${this.#contract.name}.${operation} was called ${actual} times, not ${count}`;
    throw new AssertionError({
      message: [message, ...(lines.length > 0 ? lines : ['it got no call at all'])].join('\n  '),
      actual,
      expected: count,
      operator: 'expectCalls',
    });
  }

  client(options: FakeClientOptions<C> = {}): Client<C> & AsyncDisposable {
    return this.#client(options);
  }

  override(
    key: Token<Client<C> & AsyncDisposable> = clientOf(this.#contract),
    options: FakeClientOptions<C> = {},
  ): ProviderEntry {
    return [key, { useFactory: (resolver) => this.#client({ ...options, ...appParts(resolver) }) }];
  }

  async listen({ registry, port = this.#port, env }: FakeListenOptions = {}): Promise<string> {
    await this.stopListening();
    const { clock } = makeEnv(env);
    const { name, version, plans } = this.#contract;
    const handlers = Object.fromEntries(
      plans.map((plan) => [
        plan.name,
        (call: GivenCall) => this.#overSocket(() => this.#script.perform(plan, call, clock)),
      ]),
    );
    // What fails is the script's business, and stands there.
    const heard = { logger: noLogger, ...env };
    const server = createServer({ serve: [{ contract: this.#contract, handlers }], port, env: heard });
    await server.start();
    this.#server = server;
    this.#port = server.port;
    this.#registration = await registry?.register({
      id: `${name}-fake-${randomUUID()}`,
      service: name,
      version,
      address: server.host,
      port: server.port,
      contracts: server.contracts,
      startedAtMs: clock.wallTime(),
      status: 'UP',
      ...(server.wires && { metadata: { wires: server.wires.join(',') } }),
    });
    return server.url;
  }

  async stopListening(): Promise<void> {
    const [server, registration] = [this.#server, this.#registration];
    this.#server = undefined;
    this.#registration = undefined;
    await registration?.deregister();
    await server?.close();
  }

  async close(): Promise<void> {
    this.#script.close();
    await this.stopListening();
    const problems = this.#script.problems.splice(0);
    if (problems.length === 0) return;
    throw new AssertionError({
      message: `the fake of "${this.#contract.name}": ${problems.join('; ')}`,
      operator: 'close',
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #client(options: FakeClientOptions<C> & ClientParts): Client<C> & AsyncDisposable {
    // Messages name it, and nothing answers there, whatever tries to connect.
    const url = `unix:/in-process/${this.#contract.name}`;
    const { maxAnswerBytes = clientDefaults.maxAnswerBytes, baggage = false } = options;
    const layer = inProcess(this.#contract, this.#script, url, { maxAnswerBytes, baggage });
    return createClient<C>(this.#contract, {
      ...options,
      endpoints: [url],
      endpointLayers: (layers) => (options.endpointLayers?.(layers) ?? layers).use(layer),
    });
  }

  /** Our server writes whole answers only, so what breaks a connection can be acted out in process alone. */
  async #overSocket(perform: () => Promise<unknown>): Promise<unknown> {
    try {
      return await perform();
    } catch (error) {
      if (error instanceof ConnectionFault && !(error instanceof FakeClosed)) {
        const instead = 'refusesConnection and breaksConnection work in process; over a port call stopListening()';
        this.#script.problems.push(`${error.message}: ${instead}`);
      }
      throw error;
    }
  }
}
