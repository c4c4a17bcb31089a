import { cancellable, messageOf, OptionsError } from '@fwk/kernel';
import type { ChannelOptions, experimental } from '@grpc/grpc-js';
import type { Endpoint } from '../membership/endpoint.js';
import { type Followed, followedOf } from './followed.js';
import type { GrpcModule } from './grpc-module.js';
import { code } from './grpc-verdicts.js';

/** What a channel makes a resolver with. */
export type ResolverArguments = [
  target: experimental.GrpcUri,
  listener: experimental.ResolverListener,
  options: ChannelOptions,
];
type Told = Parameters<experimental.ResolverListener>[0];

/** Tells a channel the instances of a service that are UP, whenever they change. */
export class ListResolver implements experimental.Resolver {
  readonly #module: GrpcModule;
  readonly #tell: (told: Told) => void;
  readonly #followed: Followed;
  #end: (() => void) | undefined;

  /** @throws OptionsError for a channel that has the target alone */
  constructor(module: GrpcModule, ...[target, listener, options]: ResolverArguments) {
    this.#module = module;
    const followed = followedOf(options);
    if (!followed) {
      throw new OptionsError(`channel of "${target.path}"`, ['options must be those that grpcTarget answers']);
    }
    this.#followed = followed;
    this.#tell = (told) => void listener(told, {}, null, '');
  }

  static getDefaultAuthority({ path }: experimental.GrpcUri): string {
    return path;
  }

  /** Begins to follow the list. What has changed is told anyway, so there is nothing to do when somebody asks again. */
  updateResolution(): void {
    if (this.#end) return;
    const { balancing, settled } = this.#followed;
    const { endpoints } = balancing;
    const life = cancellable();
    const tellList = () => this.#tell({ ok: true, value: endpoints.value.filter(isUp).map(addressOf) });
    const following = endpoints.subscribe(tellList);
    this.#end = () => {
      following[Symbol.dispose]();
      life.cancel();
    };
    settled(life.context).then(
      () => {
        if (!life.context.cancelled) tellList();
      },
      (error: unknown) => {
        if (life.context.cancelled || endpoints.value.length > 0) return;
        const metadata = new this.#module.Metadata();
        this.#tell({ ok: false, error: { code: code.UNAVAILABLE, details: messageOf(error), metadata } });
      },
    );
  }

  destroy(): void {
    this.#end?.();
    this.#end = undefined;
  }
}

function isUp({ instance }: Endpoint): boolean {
  return instance.status === 'UP';
}

/** An endpoint as gRPC has it. */
export function addressOf({ socketPath, address, port }: Endpoint): experimental.Endpoint {
  return { addresses: [socketPath === undefined ? { host: address, port } : { path: socketPath }] };
}
