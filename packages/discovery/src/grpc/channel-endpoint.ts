import type { Status } from '@fwk/kernel';
import type * as grpc from '@grpc/grpc-js';
import type { ChannelOptions, experimental } from '@grpc/grpc-js';
import type { Connection } from '../balance/endpoint-service.js';
import type { Endpoint } from '../membership/endpoint.js';
import type { GrpcModule } from './grpc-module.js';
import { addressOf } from './list-resolver.js';

/** What a connection needs of the channel that it is for. */
export interface ChannelParts {
  readonly module: GrpcModule;
  readonly helper: experimental.ChannelControlHelper;
  readonly options: ChannelOptions;
  readonly note: string;
}

/**
 * The connection to one endpoint. The channel's own leaf makes it, waits longer after each failure, and makes it again; here it tells
 * the balancer whether a call can be placed there.
 */
export class ChannelEndpoint implements Connection<grpc.Metadata, void>, Disposable {
  readonly #leaf: experimental.LeafLoadBalancer;
  readonly #states: GrpcModule['connectivityState'];
  readonly endpoint: Endpoint;
  readonly #left: () => void;
  #closed = false;

  /** @param left - called when it is closed. */
  constructor({ module, helper, options, note }: ChannelParts, endpoint: Endpoint, left: () => void) {
    this.endpoint = endpoint;
    this.#left = left;
    this.#states = module.connectivityState;
    this.#leaf = new module.experimental.LeafLoadBalancer(addressOf(endpoint), helper, options, note);
  }

  get state(): grpc.connectivityState {
    return this.#leaf.getConnectivityState();
  }

  status(): Status {
    if (this.#closed) return 'closed';
    return this.state === this.#states.READY ? 'ready' : 'busy';
  }

  /** Calls are placed by the channel. */
  call(): Promise<never> {
    return Promise.reject(new Error('a channel of gRPC places its calls itself'));
  }

  pick(call: experimental.PickArgs): experimental.PickResult {
    return this.#leaf.getPicker().pick(call);
  }

  /** Makes the connection; the helper is told how that goes. */
  open(): void {
    this.#leaf.startConnecting();
  }

  /** Connects again after the server has closed the connection. */
  resume(): void {
    if (this.state === this.#states.IDLE) this.#leaf.exitIdle();
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#left();
    this.#leaf.destroy();
  }
}
