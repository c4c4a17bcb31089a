import { flag, OptionsError, optional, type Rule, text } from '@fwk/kernel';
import { type ConsulAgentOptions, checkAgentOptions, consulAddressOf } from '@fwk/kernel/consul';
import { isAskable } from './key-range.js';

/** Options of {@link consulTreeSource} and {@link consulDocumentSource}. */
export interface ConsulSourceOptions extends ConsulAgentOptions {
  /** For people, unique within one configuration. @defaultValue `consul` and the folder or key */
  readonly name?: string | undefined;
  /** Whether all of it is secret; it is then never shown. @defaultValue false */
  readonly secret: boolean;
  /** A datacentre other than the agent's own. @defaultValue the agent's own */
  readonly datacenter?: string | undefined;
}

/** Defaults of {@link ConsulSourceOptions}, beside those of the agent. */
export const consulSourceDefaults = Object.freeze({ name: undefined, secret: false, datacenter: undefined });

/** Where in Consul settings stand, checked. */
export interface ConsulPlace {
  /** Name of the source. */
  readonly name: string;
  /** The folder, which ends in a slash, or the key. */
  readonly key: string;
  /** The agent that is asked: `127.0.0.1:8500`. */
  readonly agent: string;
  readonly options: Readonly<ConsulSourceOptions>;
}

const datacenter: Rule = (value) =>
  typeof value === 'string' && /^[\w-]+$/.test(value) ? undefined : 'the name of a datacentre';

/** @throws OptionsError. */
export function checkedPlace(owner: string, key: string, given: Partial<ConsulSourceOptions> | undefined): ConsulPlace {
  const own = {
    defaults: consulSourceDefaults,
    rules: { name: optional(text), secret: flag, datacenter: optional(datacenter) },
  };
  const options = checkAgentOptions<ConsulSourceOptions>(owner, given, own, process.env);
  return { key, options, name: options.name ?? `consul ${key}`, agent: consulAddressOf(options).label };
}

/**
 * A key or folder that can be asked for.
 * @throws OptionsError for one with empty parts, dots, or characters that are not printable.
 */
export function checkedKey(owner: string, what: string, key: unknown): string {
  if (typeof key === 'string' && isAskable(key)) return key;
  const rule = 'such as config/shop, without a slash before it, empty parts, or parts that are . or ..';
  throw new OptionsError(owner, [`${what} must be a text ${rule}, not ${JSON.stringify(key)}`]);
}
