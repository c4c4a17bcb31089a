/**
 * Authorities, certificate and key, judged before they are used: Node passes over what it cannot read of a file in silence,
 * and tells of a key that does not fit only in words of OpenSSL.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { SecureContext, SecureContextOptions } from 'node:tls';
import { messageOf } from '../errors/fwk-error.js';
import { TlsInvalidError } from './tls-error.js';
import type { TlsSources } from './tls-options.js';

/** What is told of our own certificate. */
export interface CertificateFacts {
  /** Its subject, on one line. */
  readonly subject: string;
  /** The names and addresses that it is for, as Node writes them: `DNS:inventory, IP Address:10.0.0.4`. */
  readonly names: string;
  /** SHA-256 of the certificate. */
  readonly fingerprint: string;
  /** Wall-clock milliseconds since the epoch from which it holds. */
  readonly validFromMs: number;
  /** The end of it, or of one that stands between it and the authority if that is earlier. */
  readonly validToMs: number;
}

/** What connections are made with. A new object whenever one of its sources has changed. */
export interface TlsMaterial {
  /** As Node's functions take it. Holds the key: never for logs. */
  readonly options: SecureContextOptions;
  readonly secureContext: SecureContext;
  /** Undefined where there is none. */
  readonly certificate: CertificateFacts | undefined;
}

/** The texts of sources that are files. The folder of authorities has many. */
export interface TlsTexts {
  readonly files: Readonly<Record<string, string>>;
  readonly folder: readonly string[];
}

/**
 * Judges all and makes a context of them.
 * @throws TlsInvalidError `FWK_KERNEL_TLS_INVALID`
 */
export function tlsMaterial(owner: string, sources: TlsSources, texts: TlsTexts): TlsMaterial {
  const { createSecureContext } = process.getBuiltinModule('node:tls');
  const taken = (field: 'ca' | 'cert' | 'key' | 'passphrase') => takeSource(sources, texts, field);
  const fail = (source: string, problem: string, cause?: unknown): never => {
    throw new TlsInvalidError(owner, source, problem, cause);
  };
  const ca = sources.caFolder === undefined ? taken('ca') : undefined;
  const authorities = ca ? [ca.text] : authoritiesIn(texts.folder);
  if (ca) certificatesIn(ca.text, (problem, cause) => fail(ca.source, problem, cause));
  if (sources.caFolder !== undefined && authorities.length === 0)
    fail(`caFolder ${sources.caFolder}`, 'holds no certificate in PEM');
  const cert = taken('cert');
  const chain = cert && certificatesIn(cert.text, (problem, cause) => fail(cert.source, problem, cause));
  const key = taken('key');
  const passphrase = taken('passphrase')?.text.replace(/\r?\n$/, '');
  if (key && cert && chain) {
    const opened = privateKeyIn(key.text, passphrase, (problem, cause) => fail(key.source, problem, cause));
    if (!(chain[0] as X509Certificate).checkPrivateKey(opened))
      fail(key.source, `it is not the key of the first certificate of ${cert.source}`);
  }
  try {
    const options: SecureContextOptions = {
      minVersion: sources.minVersion ?? 'TLSv1.2',
      ...(authorities.length > 0 && { ca: [...authorities] }),
      ...(cert && { cert: cert.text }),
      ...(key && { key: key.text }),
      ...(passphrase !== undefined && { passphrase }),
    };
    return { options, secureContext: createSecureContext(options), certificate: chain && factsOf(chain) };
  } catch (error) {
    return fail((cert ?? ca)?.source ?? 'tls', `OpenSSL refuses it (${messageOf(error)})`, error);
  }
}

type Fail = (problem: string, cause?: unknown) => never;

function takeSource(sources: TlsSources, texts: TlsTexts, field: 'ca' | 'cert' | 'key' | 'passphrase') {
  const path = sources[`${field}File`];
  if (path !== undefined) return { source: `${field}File ${path}`, text: texts.files[path] ?? '' };
  const text = sources[field];
  return text === undefined ? undefined : { source: field, text };
}

const beginning = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----/g;

/** All certificates of a text; each must be whole, so that a file that is just being written is not taken for less than it is. */
function certificatesIn(text: string, fail: Fail): readonly X509Certificate[] {
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  const found: X509Certificate[] = [];
  for (const { 1: label, index } of text.matchAll(beginning)) {
    const end = `-----END ${label}-----`;
    const at = text.indexOf(end, index);
    if (at === -1) fail(`certificate ${found.length + 1} has no end: is the file still being written?`);
    try {
      found.push(new X509Certificate(text.slice(index, at + end.length)));
    } catch (error) {
      fail(`certificate ${found.length + 1} is broken (${messageOf(error)})`, error);
    }
  }
  if (found.length === 0) fail(text.trim() === '' ? 'it is empty' : 'it holds no certificate in PEM');
  return found;
}

/** Other things stand in such folders too: keys, notes, broken files. Those are left out. */
function authoritiesIn(texts: readonly string[]): readonly string[] {
  const isNone: Fail = () => {
    throw new Error('no certificate');
  };
  return [...new Set(texts)].filter((text) => {
    try {
      return certificatesIn(text, isNone).length > 0;
    } catch {
      return false;
    }
  });
}

function privateKeyIn(text: string, passphrase: string | undefined, fail: Fail): KeyObject {
  const { createPrivateKey } = process.getBuiltinModule('node:crypto');
  if (!/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/.test(text))
    fail(text.trim() === '' ? 'it is empty' : 'it holds no private key in PEM');
  if (!/-----END [A-Z ]{0,40}PRIVATE KEY-----/.test(text)) fail('the key has no end: is the file still being written?');
  try {
    return createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) });
  } catch (error) {
    const encrypted = /ENCRYPTED/.test(text);
    if (encrypted && passphrase === undefined) return fail('the key is encrypted; give passphrase or passphraseFile');
    if (encrypted) return fail('the passphrase does not open the key');
    return fail(`it holds no private key that OpenSSL can read (${messageOf(error)})`, error);
  }
}

function factsOf(chain: readonly X509Certificate[]): CertificateFacts {
  const own = chain[0] as X509Certificate;
  return Object.freeze({
    subject: own.subject?.replaceAll('\n', ', ') ?? '',
    names: own.subjectAltName ?? '',
    fingerprint: own.fingerprint256,
    validFromMs: Date.parse(own.validFrom),
    validToMs: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))),
  });
}
