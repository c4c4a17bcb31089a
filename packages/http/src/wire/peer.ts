import { type ContextKey, contextKey } from '@fwk/kernel';

/** Who stands at the other end of a connection, as its certificate proves. */
export interface Peer {
  /** The common name of the certificate's subject; empty when it has none. */
  readonly name: string;
  /** The DNS names, IP addresses and URIs that the certificate is for, without their kind. */
  readonly names: readonly string[];
  /** SHA-256 of the certificate. */
  readonly fingerprint: string;
}

/**
 * Who called the operation being handled, proven by a certificate that the server's authorities signed; undefined where
 * the caller has shown none, or where a proxy stands between. Unlike `callerKey` it may be trusted.
 */
export const peerKey: ContextKey<Peer | undefined> = contextKey<Peer | undefined>('peer', undefined);
