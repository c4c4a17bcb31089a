/**
 * What a policy stands before: a function, a client of a service, or a server. The options are the same; which of them
 * mean something differs, and so does what is in force where nobody says otherwise.
 */
import type { AnyLayer } from '@fwk/kernel';
import type { PolicyKit } from '../layer/policy-part.js';
import type { Scope } from '../order/placed-part.js';
import { quotaNeedsClient } from '../rate/rate-limit.js';
import type { KindField } from './kind-field.js';
import type { PolicyOptions } from './policy-options.js';

/** The operations of a client or a server, each of which may have options of its own. */
export interface PolicyOperations {
  readonly names: readonly string[];
  /** Finds the name in a request that goes through the layers. */
  nameOf(request: unknown): string;
  /** True where options of operations that are not here are meant for others, and not refused. @defaultValue false */
  readonly passesOver?: boolean;
  /** What the contract says. @defaultValue nothing */
  readonly options?: Readonly<Record<string, PolicyOptions>>;
}

/** A variant of a feature flag, whose options lie over the policy. */
export interface PolicyVariant {
  readonly flag: string;
  readonly variant: string;
  /** Plain data as in configuration; checked when the policy is made. */
  readonly options: unknown;
  /**
   * Told when changed definitions leave no room for the options: the change is in force elsewhere, and this policy stays as it was.
   * @defaultValue such a change is refused
   */
  readonly onUnfit?: (() => void) | undefined;
}

/** What a policy stands before, and what that adds to its options. */
export interface PolicyKind {
  /** For messages. */
  readonly name: 'function' | 'client' | 'server';
  readonly scopes: readonly Scope[];
  /** In force where no level says otherwise. @defaultValue no layers */
  readonly builtIn?: PolicyOptions;
  /** Options of layers, in force where some level asks for the layer. @defaultValue none */
  readonly assumed?: PolicyOptions;
  /** @defaultValue there are none, and options of operations are refused */
  readonly operations?: PolicyOperations;
  /** Makes the layers of a place in a way of its own, by the option's name. @defaultValue as for functions */
  readonly make?: {
    readonly [Field in keyof PolicyOptions]?: (options: object, kit: PolicyKit) => AnyLayer | readonly AnyLayer[];
  };
  /** What of the options in force cannot stand together here, one sentence a problem. @defaultValue nothing more than for functions */
  readonly contradictions?: ((options: PolicyOptions) => readonly string[]) | undefined;
  /**
   * Options of layers that `make` fills in where nobody gives them, by the policy's option; no check asks for them.
   * @defaultValue nothing
   */
  readonly completes?: PolicyOptions;
  /** True where each call says whether it may run twice, so that hedging need not be told. @defaultValue false */
  readonly knowsIdempotence?: boolean;
  /** Its options that are no layer's, such as the balancer of a client; made by `kindField`. @defaultValue none */
  readonly fields?: readonly KindField[];
  /** What paths call it, in metrics and events. @defaultValue the policy's name */
  readonly label?: string;
  /** The variant that stands here: a policy is made for each one of a flag. @defaultValue none */
  readonly variant?: PolicyVariant | undefined;
}

/** What `policy()` and `named()` make. */
export const functionKind: PolicyKind = Object.freeze({
  name: 'function',
  scopes: ['call', 'endpoint'] as const,
  contradictions: quotaUnheard,
});

/** Of kinds that hear no answers of a callee. */
export function quotaUnheard({ rateLimit }: PolicyOptions): readonly string[] {
  return rateLimit && rateLimit.followQuota === true ? [`rateLimit.${quotaNeedsClient}`] : [];
}
