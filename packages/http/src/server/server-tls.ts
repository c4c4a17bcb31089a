/**
 * TLS of a server: its own options, and who a caller is by the certificate it shows. That a certificate is required is
 * looked at for each request and not in the handshake: probes are answered without one, since orchestrators have none to
 * show, and whoever is refused reads why.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  checkOptions,
  checkTlsSources,
  messageOf,
  millisecondsIn,
  OptionsError,
  oneOf,
  type TlsSources,
} from '@fwk/kernel';
import { RequestError } from '../serving/request-error.js';
import type { Peer } from '../wire/peer.js';

/** TLS of a server. It needs a certificate and its key; `ca` and the like say which callers are known. */
export interface ServerTls extends TlsSources {
  /**
   * Whether callers show a certificate that `ca` signed. `wanted`: handlers see who has (`peerKey`). `required`: nobody
   * else is answered, except the probes. @defaultValue 'none'
   */
  readonly clientCertificate?: 'none' | 'wanted' | 'required' | undefined;
  /** How long a handshake may take, 100 to 60 000 milliseconds. @defaultValue 5000 */
  readonly handshakeTimeoutMs?: number | undefined;
}

type OwnOptions = Required<Pick<ServerTls, 'clientCertificate' | 'handshakeTimeoutMs'>>;

/** Defaults of {@link ServerTls}. */
export const serverTlsDefaults = Object.freeze({
  clientCertificate: 'none',
  handshakeTimeoutMs: 5000,
}) satisfies OwnOptions;

/** A server's TLS options by who reads them. */
export interface CheckedServerTls {
  readonly sources: TlsSources;
  readonly own: OwnOptions;
}

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`; it shows nothing of keys. */
export function checkServerTls(tls: ServerTls): CheckedServerTls {
  checkTlsSources('server', tls, Object.keys(serverTlsDefaults));
  const { clientCertificate, handshakeTimeoutMs, ...sources } = tls;
  const own = checkOptions<OwnOptions>(
    'server tls',
    { clientCertificate, handshakeTimeoutMs } as OwnOptions,
    serverTlsDefaults,
    {
      clientCertificate: oneOf('none', 'wanted', 'required'),
      handshakeTimeoutMs: millisecondsIn(100, 60_000),
    },
  );
  const knowsAuthorities = (sources.ca ?? sources.caFile ?? sources.caFolder) !== undefined;
  if ((sources.cert ?? sources.certFile) === undefined)
    throw new OptionsError('server', ['tls needs a certificate and its key: certFile and keyFile, or cert and key']);
  if (own.clientCertificate !== 'none' && !knowsAuthorities)
    // Node's own authorities sign for everybody.
    throw new OptionsError('server', [`tls.clientCertificate ${own.clientCertificate} needs ca, caFile or caFolder`]);
  return { sources, own };
}

/** Who a caller is. */
export type PeerCheck = (socket: Socket, isProbe: boolean) => Peer | undefined;

/** Where nobody shows a certificate. */
export const noPeers: PeerCheck = () => undefined;

/**
 * Makes the check.
 * @returns a function that throws RequestError `FWK_HTTP_CLIENT_CERTIFICATE` for a caller that must not be answered.
 */
export function peerCheck({ clientCertificate }: Pick<OwnOptions, 'clientCertificate'>): PeerCheck {
  if (clientCertificate === 'none') return noPeers;
  const known = new WeakMap<Socket, Peer>();
  return (socket, isProbe) => {
    const found = known.get(socket);
    if (found) return found;
    const secure = socket as TLSSocket;
    if (secure.authorized) {
      const peer = peerOf(secure);
      known.set(socket, peer);
      return peer;
    }
    if (clientCertificate === 'wanted' || isProbe) return undefined;
    throw new RequestError('FWK_HTTP_CLIENT_CERTIFICATE', `the caller must show a certificate: ${reasonOf(secure)}`);
  };
}

function peerOf(socket: TLSSocket): Peer {
  const certificate = socket.getPeerX509Certificate();
  const legacy = socket.getPeerCertificate();
  // A subject may bear several names; they come as a list then.
  const name: unknown = legacy.subject?.CN;
  return Object.freeze({
    name: typeof name === 'string' ? name : '',
    names: Object.freeze(namesIn(certificate?.subjectAltName ?? '')),
    fingerprint: certificate?.fingerprint256 ?? '',
  });
}

/** Node quotes a name in which its separators stand, so that no name can pose as two. */
function namesIn(text: string): readonly string[] {
  const names: string[] = [];
  for (const { 1: quoted, 2: plain = '' } of text.matchAll(/(?:DNS|IP Address|URI):(?:("(?:[^"\\]|\\.)*")|([^,]*))/g)) {
    names.push(quoted === undefined ? plain : String(JSON.parse(quoted)));
  }
  return names;
}

function reasonOf({ authorizationError }: TLSSocket): string {
  const code = messageOf(authorizationError);
  return code === 'UNABLE_TO_GET_ISSUER_CERT' || code === ''
    ? 'it has shown none, or one of an unknown authority'
    : code;
}
