import type { Health, Metrics, Usage } from '@fwk/core';
import {
  anything,
  type Env,
  flag,
  integerIn,
  millisecondsIn,
  optional,
  type Rule,
  socketPath,
  text,
} from '@fwk/kernel';
import type { PolicyRegistry } from '@fwk/resilience';
import type { CompressionOptions } from '../coding/compression-options.js';
import type { IdempotencyOptions } from '../idempotency/idempotency-options.js';
import { type IdempotencyStore, isIdempotencyStore } from '../idempotency/idempotency-store.js';
import type { Served } from '../serving/served.js';
import type { ServerDrain } from '../serving/server-parts.js';
import { type ServerPolicyOptions, serverPolicyRules } from '../serving/server-policy-options.js';
import { networkList } from '../serving/trusted-networks.js';
import type { ServerTls } from './server-tls.js';
import { socketModeRule } from './socket-options.js';

/** Options of a server that users set; `http()` takes them too. */
export interface ServerSettings extends ServerPolicyOptions {
  /** 0 takes any free port. @defaultValue 0 */
  readonly port: number;
  /**
   * Address to listen on; `0.0.0.0` or `::` for all. A name means every address that it has on this machine, all with
   * one port. @defaultValue '127.0.0.1'
   */
  readonly host: string;
  /**
   * Whether it listens at all. A server that does not takes calls of its own process alone, by `inProcess(group)`, and answers no
   * probes. It is not announced. @defaultValue true
   */
  readonly listen: boolean;
  /**
   * Absolute path of a Unix socket to listen at, instead of `host` and `port`: at most 107 bytes on Linux, 103 elsewhere. A socket
   * where nobody listens is replaced. It is not announced, and has no TLS: its permissions say who may connect.
   * @defaultValue none
   */
  readonly socketPath: string | undefined;
  /**
   * Permissions of the socket, at most 0o777. Whoever may write to it may connect. Its own user must be able to write, and by
   * default is the only one. @defaultValue 0o600
   */
  readonly socketMode: number;
  /**
   * Serves HTTPS, with a certificate and its key as PEM or as files, which are read again when they change.
   * @defaultValue plain HTTP
   */
  readonly tls: ServerTls | undefined;
  /**
   * Whether Mux is served on the same port, for clients of this framework and of Finagle; see docs/mux.md. It is announced, unless two
   * versions of one contract are served. @defaultValue true
   */
  readonly mux: boolean;
  /**
   * Whether `/metrics` is answered on the service's port. Workers of `node:cluster` answer it only where this is set, since
   * each scrape would meet another of them. @defaultValue true
   */
  readonly metrics: boolean;
  /**
   * Whether answers tell how busy the server is, `fwk-load`: calls in flight and latency, on both wires, to everybody who calls; and
   * whether `/loadz` does. Balancers of clients use it. Switch it off where outsiders call and must not know. @defaultValue true
   */
  readonly loadReports: boolean;
  /** Largest body that is read, 0 to 1 073 741 824 bytes. @defaultValue 1048576 */
  readonly bodyLimitBytes: number;
  /**
   * Compresses answers to callers that take them compressed, and reads compressed bodies; over HTTP. Answers are compressed that
   * are of a type which gets smaller and not short. @defaultValue nothing is compressed, and compressed bodies are refused
   */
  readonly compression: Partial<CompressionOptions> | undefined;
  /**
   * The deadline in force by itself, 1 to 3 600 000 milliseconds: how long a request may take, its body included, where
   * neither its contract nor a policy says (`deadlineMs`). A caller's nearer deadline wins. @defaultValue 30000
   */
  readonly timeoutMs: number;
  /**
   * How long the head and body of a request may take to arrive together, 1000 to 3 600 000 milliseconds; half a second
   * more may pass until it is noticed. A connection that sends nothing ends then too. @defaultValue 30000
   */
  readonly receiveTimeoutMs: number;
  /**
   * How long a client may take to read an answer, 1000 to 3 600 000 milliseconds; its connection ends then.
   * @defaultValue 30000
   */
  readonly sendTimeoutMs: number;
  /**
   * Bytes of answers that clients have not read yet, all together, 65 536 to 2^40. Above it the connections end whose
   * answers have waited longest. @defaultValue 67108864
   */
  readonly maxUnsentBytes: number;
  /** How long a connection may be idle between two requests, 1000 to 3 600 000 milliseconds. @defaultValue 72000 */
  readonly keepAliveTimeoutMs: number;
  /**
   * Connections open at once, 1 to 1 000 000; further ones are closed as soon as they are made, without an answer.
   * @defaultValue 10000
   */
  readonly maxConnections: number;
  /**
   * Bounds of what is kept for `Idempotency-Key`, in memory; or the `store` that is used instead, such as one that
   * instances share. @defaultValue a store in memory with its own defaults
   */
  readonly idempotency: Partial<IdempotencyOptions> & { readonly store?: IdempotencyStore | undefined };
  /**
   * Addresses and networks (`10.0.0.0/8`) of callers that may give their calls a higher priority than the contract does.
   * What others say can only lower it. `unix` stands for all callers at `socketPath`, `local` for those in the same process. @defaultValue none
   */
  readonly trustedNetworks: readonly string[];
}

/** Defaults of {@link ServerSettings}. */
export const serverDefaults = Object.freeze({
  policy: undefined,
  deadlineMs: undefined,
  rateLimit: undefined,
  limit: undefined,
  bulkhead: undefined,
  fault: undefined,
  classifier: undefined,
  operations: undefined,
  layers: undefined,
  port: 0,
  host: '127.0.0.1',
  listen: true,
  socketPath: undefined,
  socketMode: 0o600,
  tls: undefined,
  mux: true,
  metrics: true,
  loadReports: true,
  bodyLimitBytes: 1_048_576,
  compression: undefined,
  timeoutMs: 30_000,
  receiveTimeoutMs: 30_000,
  sendTimeoutMs: 30_000,
  maxUnsentBytes: 67_108_864,
  keepAliveTimeoutMs: 72_000,
  maxConnections: 10_000,
  idempotency: Object.freeze({}),
  trustedNetworks: Object.freeze([]) as readonly string[],
}) satisfies ServerSettings;

/** Rules of {@link ServerSettings}. */
export const serverRules: { readonly [Field in keyof Required<ServerSettings>]: Rule } = Object.freeze({
  ...serverPolicyRules,
  port: integerIn(0, 65_535),
  host: text,
  listen: flag,
  socketPath: optional(socketPath),
  socketMode: socketModeRule,
  tls: anything,
  mux: flag,
  metrics: flag,
  loadReports: flag,
  bodyLimitBytes: integerIn(0, 1_073_741_824),
  compression: optional(anything),
  timeoutMs: millisecondsIn(1, 3_600_000),
  receiveTimeoutMs: millisecondsIn(1000, 3_600_000),
  sendTimeoutMs: millisecondsIn(1000, 3_600_000),
  maxUnsentBytes: integerIn(65_536, 2 ** 40),
  keepAliveTimeoutMs: millisecondsIn(1000, 3_600_000),
  maxConnections: integerIn(1, 1_000_000),
  idempotency: (value) =>
    typeof value !== 'object' || value === null
      ? 'bounds of the store in memory, or { store }'
      : 'store' in value && value.store !== undefined && !isIdempotencyStore(value.store)
        ? '{ store } with an idempotency store (a claim function)'
        : undefined,
  trustedNetworks: networkList,
});

/** Everything a server is made of. */
export interface ServerOptions extends ServerSettings {
  /** What it serves, each contract at its own paths. */
  readonly serve: readonly Served[];
  /** @defaultValue the process's own, nothing recorded */
  readonly env: Partial<Env> | undefined;
  /** Counts calls in flight and says when to send clients away. @defaultValue a count of the server's own */
  readonly drain: ServerDrain | undefined;
  /** Answers the probes. @defaultValue always up */
  readonly health: Pick<Health, 'probe'> | undefined;
  /** Answers `/metrics`; without it there is none. */
  readonly exposition: Pick<Metrics, 'expose'> | undefined;
  /** Counts what callers use. @defaultValue nothing is counted */
  readonly usage: Pick<Usage, 'account'> | undefined;
  /** Where named policies are defined, and its own are listed. @defaultValue a registry of its own, without definitions */
  readonly policies: PolicyRegistry | undefined;
}

/** Rules of {@link ServerOptions}. */
export const serverOptionRules: { readonly [Field in keyof Required<ServerOptions>]: Rule } = Object.freeze({
  ...serverRules,
  serve: (value: unknown) => (Array.isArray(value) ? undefined : 'a list made by served()'),
  env: optional(anything),
  drain: optional(anything),
  health: optional(anything),
  exposition: optional(anything),
  usage: optional(anything),
  policies: optional(anything),
});
