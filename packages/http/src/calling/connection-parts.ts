import type { Endpoint } from '@fwk/discovery';
import type { Clock, FollowedTls, Logger, Meter } from '@fwk/kernel';
import type { ProxyChoice } from '../proxy/client-proxy.js';
import type { QuotaReader } from '../quota/quota-reader.js';
import type { WireChoice } from './wire-choice.js';

/** TLS of the connections of a client. */
export interface ConnectionTls {
  /** Whether all connections must use TLS. */
  readonly demanded: boolean;
  readonly serverName: string | undefined;
  readonly followed: FollowedTls | undefined;
}

/** Where an endpoint is, and what it serves; an `http:` URL has become `https:` where TLS is demanded. */
export type Place = Pick<Endpoint, 'id' | 'url' | 'address' | 'port' | 'socketPath' | 'wires' | 'mounts'>;

/** What the connections of all endpoints of a client have in common. */
export interface ConnectionParts {
  readonly service: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Meter;
  /** Which wire calls take; read for each call. */
  readonly wire: () => WireChoice;
  readonly maxAnswerBytes: number;
  /** How many times its size a compressed answer may expand to. */
  readonly maxRatio: number;
  readonly maxConnections: number;
  /** Whether the baggage of the call goes along. */
  readonly baggage: boolean;
  readonly tls: ConnectionTls;
  /** Hears what answers say of the callee's quota. */
  readonly quota: QuotaReader;
  /** The proxy on the way to an endpoint. @defaultValue none */
  readonly proxy: ProxyChoice | undefined;
  /** How long making a connection may take, in milliseconds; read for each connection. */
  readonly connectTimeoutMs: () => number;
}
