/**
 * What both ends of a TLS connection are given: authorities, certificate and key, each as PEM text or as a file. A text is
 * never taken for a path, nor a path for a text: whoever mixes them up is told so, without showing what may be a key.
 */
import { OptionsError } from '../options/check-options.js';

/** Where authorities, certificate and key come from. Files are read again when they change. */
export interface TlsSources {
  /** Who signed the other end's certificate, in PEM. @defaultValue whom Node trusts */
  readonly ca?: string | undefined;
  /** The same as a file. */
  readonly caFile?: string | undefined;
  /** The same as a folder of files, in it and below. What holds no certificate is passed over; with none it is refused. */
  readonly caFolder?: string | undefined;
  /** Our own certificate in PEM, followed by those between it and the authority. */
  readonly cert?: string | undefined;
  /** The same as a file. */
  readonly certFile?: string | undefined;
  /** The private key of our own certificate in PEM. */
  readonly key?: string | undefined;
  /** The same as a file. */
  readonly keyFile?: string | undefined;
  /** Opens an encrypted key. */
  readonly passphrase?: string | undefined;
  /** The same as a file; a line break at its end is not part of it. */
  readonly passphraseFile?: string | undefined;
  /** The oldest version that is spoken: `TLSv1.2` or `TLSv1.3`. @defaultValue 'TLSv1.2' */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
}

const hostName = /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}))*$/;

/** Whether a value is a host name, which the certificate of the other end can be expected to bear. */
export function isServerName(value: unknown): value is string {
  return typeof value === 'string' && hostName.test(value);
}

const fields: readonly string[] = [
  'ca',
  'caFile',
  'caFolder',
  'cert',
  'certFile',
  'key',
  'keyFile',
  'passphrase',
  'passphraseFile',
  'minVersion',
] satisfies readonly (keyof TlsSources)[];

/** Fields that hold PEM, with what they hold. */
const pem = { ca: 'certificates', cert: 'a certificate', key: 'a private key' } as const;

const alternatives = [
  ['ca', 'caFile', 'caFolder'],
  ['cert', 'certFile'],
  ['key', 'keyFile'],
  ['passphrase', 'passphraseFile'],
] as const;

/**
 * Checks what can be seen without reading a file.
 * @param owner - who is given them, the head of the message.
 * @param others - fields that the owner knows besides.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`; it shows no value.
 */
export function checkTlsSources(owner: string, given: unknown, others: readonly string[] = []): void {
  const problems = problemsOf(given, others);
  if (problems.length > 0) throw new OptionsError(owner, problems);
}

function problemsOf(given: unknown, others: readonly string[]): readonly string[] {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return ['tls must be an object'];
  const tls = given as Readonly<Record<string, unknown>>;
  const known = [...fields, ...others];
  const problems = Object.keys(tls)
    .filter((field) => !known.includes(field))
    .map((field) => `tls.${field} is unknown; there are ${known.join(', ')}`);
  for (const field of fields) {
    const value = tls[field];
    if (value !== undefined && (typeof value !== 'string' || value === '')) problems.push(`tls.${field} must be text`);
  }
  if (problems.length > 0) return problems;
  for (const group of alternatives) {
    const set = group.filter((field) => tls[field] !== undefined);
    if (set.length > 1) problems.push(`tls takes ${set.join(' or ')}, not both`);
  }
  for (const [field, what] of Object.entries(pem)) {
    const isPem = String(tls[field] ?? '-----BEGIN ').includes('-----BEGIN ');
    if (!isPem) problems.push(`tls.${field} must be ${what} in PEM; for the path of a file there is tls.${field}File`);
  }
  const has = (text: keyof TlsSources, file: keyof TlsSources) => (tls[text] ?? tls[file]) !== undefined;
  if (has('cert', 'certFile') && !has('key', 'keyFile')) problems.push('tls has a certificate without its key');
  if (has('key', 'keyFile') && !has('cert', 'certFile')) problems.push('tls has a key without its certificate');
  if (has('passphrase', 'passphraseFile') && !has('key', 'keyFile'))
    problems.push('tls has a passphrase without a key');
  const { minVersion } = tls;
  if (minVersion !== undefined && minVersion !== 'TLSv1.2' && minVersion !== 'TLSv1.3')
    problems.push('tls.minVersion must be TLSv1.2 or TLSv1.3');
  return problems;
}
