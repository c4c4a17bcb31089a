/**
 * The load balancing policy of a channel: our balancer chooses for each call among the endpoints that the channel is connected to,
 * and learns from how the call ended what it learns in all clients.
 *
 * An endpoint may be chosen for a call that never begins: the credentials may come too late, or the connection may be gone by then. So a
 * call is counted when it begins, and not when its endpoint is chosen.
 */
import { background, messageOf } from '@fwk/kernel';
import type * as grpc from '@grpc/grpc-js';
import type { ChannelOptions, experimental } from '@grpc/grpc-js';
import { type BalancedService, balance } from '../balance/balance.js';
import type { Endpoint } from '../membership/endpoint.js';
import { suspect } from '../membership/suspect.js';
import { ChannelEndpoint } from './channel-endpoint.js';
import { countedPick } from './counted-pick.js';
import { type Followed, followedOf } from './followed.js';
import type { GrpcModule } from './grpc-module.js';
import { code } from './grpc-verdicts.js';

type EndpointList = Parameters<experimental.LoadBalancer['updateAddressList']>[0];

/** See the head of this file. */
export class ChannelBalancer implements experimental.LoadBalancer {
  readonly #module: GrpcModule;
  readonly #name: string;
  readonly #helper: experimental.ChannelControlHelper;
  readonly #picker: experimental.Picker = { pick: (call) => this.#pick(call) };
  /** Those of endpoints that have left too, while calls are under way there. */
  readonly #connections = new Map<Endpoint, ChannelEndpoint>();
  #members: readonly Endpoint[] = [];
  #balanced: BalancedService<grpc.Metadata, void> | undefined;
  #lastError = 'no instance is UP';
  /** Set while connections may change without the channel being told at once. */
  #busy = false;
  #changed = false;
  #closed = false;

  constructor(module: GrpcModule, name: string, helper: experimental.ChannelControlHelper) {
    this.#module = module;
    this.#name = name;
    this.#helper = helper;
  }

  updateAddressList(list: EndpointList, _: unknown, options: ChannelOptions, note: string): boolean {
    const followed = followedOf(options);
    if (!list.ok || !followed) {
      this.#refuse(list.ok ? 'the channel was not made with the options of grpcTarget' : list.error.details);
      return true;
    }
    this.#balanced ??= this.#balance(followed, options, note);
    this.#members = followed.balancing.endpoints.value;
    this.#resume();
    this.#publish();
    return true;
  }

  exitIdle(): void {
    this.#resume();
  }

  /** Each connection keeps pauses of its own. */
  resetBackoff(): void {}

  destroy(): void {
    this.#closed = true;
    for (const connection of this.#connections.values()) connection[Symbol.dispose]();
    void this.#balanced?.[Symbol.asyncDispose]();
  }

  getTypeName(): string {
    return this.#name;
  }

  /** No list is known. One that was known before stays in use. */
  #refuse(why: string): void {
    if (this.#balanced) return;
    const pick = () => this.#unavailable(why);
    this.#helper.updateState(this.#module.connectivityState.TRANSIENT_FAILURE, { pick }, why);
  }

  #balance(followed: Followed, options: ChannelOptions, note: string): BalancedService<grpc.Metadata, void> {
    const { endpoints } = followed.balancing;
    const connect = (endpoint: Endpoint) => {
      const helper = this.#module.experimental.createChildChannelControlHelper(this.#helper, {
        updateState: (_state, _picker, error) => this.#moved(connection, error),
        requestReresolution: () => suspect(endpoints, endpoint),
      });
      const parts = { module: this.#module, helper, options, note };
      const connection = new ChannelEndpoint(parts, endpoint, () => this.#connections.delete(endpoint));
      this.#connections.set(endpoint, connection);
      connection.open();
      return connection;
    };
    const closed = { call: connectionless, status: () => 'closed' as const };
    return balance({ ...followed.balancing, connect }).wrap(closed, followed.env);
  }

  #pick(call: experimental.PickArgs): experimental.PickResult {
    return this.#quietly(() => {
      try {
        return this.#place(call);
      } catch (error) {
        return this.#unavailable(messageOf(error));
      }
    });
  }

  #place(call: experimental.PickArgs): experimental.PickResult {
    const chosen = this.#balanced?.choose(call.metadata, background);
    const connection = chosen && this.#connections.get(chosen.endpoint);
    const result = connection?.pick(call) ?? this.#unavailable(this.#lastError);
    if (result.subchannel && chosen) return countedPick(result, chosen);
    // While one is still connecting, the failure of another is not the last word.
    return this.#state() === this.#module.connectivityState.CONNECTING ? this.#queued() : result;
  }

  /** A connection is there, or was lost, or failed. */
  #moved(connection: ChannelEndpoint, error: string | null): void {
    if (error) this.#lastError = error;
    if (this.#isWanted(connection.endpoint)) connection.resume();
    this.#publish();
  }

  /** One that has left goes on with its calls, and is not connected to again. */
  #isWanted(endpoint: Endpoint): boolean {
    return endpoint.instance.status === 'UP' && this.#members.includes(endpoint);
  }

  /** Connects to members that are not connected: to all, as long as no call could be placed. */
  #resume(): void {
    this.#quietly(() => {
      for (const member of this.#members) {
        if (member.instance.status === 'UP') this.#connections.get(member)?.resume();
      }
      this.#balanced?.status();
    });
  }

  /** Tells the channel how it is, so that it places the calls that wait. */
  #publish(): void {
    this.#changed = true;
    if (this.#busy) return;
    this.#changed = false;
    if (this.#closed) return;
    const { READY } = this.#module.connectivityState;
    if (this.#state() !== READY) this.#quietly(() => this.#balanced?.status());
    const state = this.#state();
    const failed = state === this.#module.connectivityState.TRANSIENT_FAILURE;
    this.#helper.updateState(state, this.#picker, failed ? this.#lastError : null);
  }

  /** Publishes what has changed meanwhile only when this and whoever asked for it are done. */
  #quietly<T>(work: () => T): T {
    const outer = this.#busy;
    this.#busy = true;
    try {
      return work();
    } finally {
      this.#busy = outer;
      if (this.#changed && !outer) queueMicrotask(() => this.#changed && this.#publish());
    }
  }

  /** That of the member which is best off. */
  #state(): grpc.connectivityState {
    const { READY, CONNECTING, IDLE, TRANSIENT_FAILURE } = this.#module.connectivityState;
    let best: grpc.connectivityState = TRANSIENT_FAILURE;
    for (const member of this.#members) {
      if (member.instance.status !== 'UP') continue;
      const state = this.#connections.get(member)?.state;
      if (state === READY) return state;
      if (state === CONNECTING || state === IDLE) best = CONNECTING;
    }
    return best;
  }

  #queued(): experimental.PickResult {
    return this.#result({ pickResultType: this.#module.experimental.PickResultType.QUEUE });
  }

  #unavailable(details: string): experimental.PickResult {
    const status = { code: code.UNAVAILABLE, details, metadata: new this.#module.Metadata() };
    return this.#result({ pickResultType: this.#module.experimental.PickResultType.TRANSIENT_FAILURE, status });
  }

  #result(parts: Pick<experimental.PickResult, 'pickResultType'> & Partial<experimental.PickResult>) {
    return { subchannel: null, status: null, onCallStarted: null, onCallEnded: null, ...parts };
  }
}

function connectionless(): Promise<never> {
  return Promise.reject(new Error('the channel is closed'));
}
