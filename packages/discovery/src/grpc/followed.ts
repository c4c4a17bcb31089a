import type { CallContext, Env } from '@fwk/kernel';
import type * as grpc from '@grpc/grpc-js';
import type { ChannelOptions } from '@grpc/grpc-js';
import type { BalanceOptions } from '../balance/balance-options.js';

/** The service that a channel follows. A plain object, so that the classes of another copy of this package can read it too. */
export interface Followed {
  readonly balancing: BalanceOptions<grpc.Metadata, void>;
  /** Resolves when the first list is known. */
  readonly settled: (context: CallContext) => Promise<void>;
  readonly env: Env;
  toJSON(): string;
}

/** Where it stands among the options of a channel; by its beginning, connections of several channels can be shared. */
export const followedKey = 'grpc.internal.no_subchannel.fwk';

/** What the options of a channel say, undefined where that channel was not made for us. */
export function followedOf(options: ChannelOptions): Followed | undefined {
  return options[followedKey];
}
