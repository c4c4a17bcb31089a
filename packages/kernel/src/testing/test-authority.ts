/**
 * An authority that signs certificates for tests, in this process and without any other program: Node reads certificates and
 * makes none. Keys are of the curve P-256, signatures ECDSA with SHA-256 (RFC 5280, RFC 5480).
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { systemClock } from '../time/system-clock.js';

/** A certificate and its key, in PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface TestCertificateOptions {
  /** DNS names, IP addresses and URIs. @defaultValue localhost, 127.0.0.1 and ::1 */
  readonly names?: readonly string[];
  /** The common name of its subject. @defaultValue the first of the names */
  readonly subject?: string;
  /** Wall-clock milliseconds since the epoch. @defaultValue an hour ago */
  readonly validFromMs?: number;
  /** Wall-clock milliseconds since the epoch. @defaultValue in a year */
  readonly validToMs?: number;
}

/** Signs certificates for tests. */
export interface TestAuthority {
  /** Its own certificate in PEM, which those trust who trust it. */
  readonly ca: string;
  /** Makes a key and a certificate for it. */
  issue(options?: TestCertificateOptions): TestCertificate;
}

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
const usual = ['localhost', '127.0.0.1', '::1'];

/**
 * Makes an authority.
 * @param name - its common name. @defaultValue 'test authority'
 * @example const { cert, key } = testAuthority().issue({ names: ['inventory'] });
 */
export function testAuthority(name = 'test authority'): TestAuthority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // Two authorities of one name would be taken for each other while a chain is built.
  const issuer = nameOf(`${name} ${randomBytes(4).toString('hex')}`);
  const now = systemClock.wallTime();
  const isAuthority = extension('2.5.29.19', true, sequence(Buffer.from([0x01, 0x01, 0xff])));
  const whole = { validFromMs: now - hourMs, validToMs: now + 10 * yearMs };
  const ca = certificate(issuer, issuer, keys.publicKey, keys.privateKey, whole, [isAuthority]);
  return {
    ca,
    issue({ names = usual, subject = names[0] ?? 'nobody', validFromMs, validToMs } = {}) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const validity = { validFromMs: validFromMs ?? now - hourMs, validToMs: validToMs ?? now + yearMs };
      const forNames = extension('2.5.29.17', false, sequence(...names.map(generalName)));
      return {
        cert: certificate(issuer, nameOf(subject), own.publicKey, keys.privateKey, validity, [forNames]),
        key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

function certificate(
  issuer: Buffer,
  subject: Buffer,
  publicKey: KeyObject,
  signer: KeyObject,
  validity: { readonly validFromMs: number; readonly validToMs: number },
  extensions: readonly Buffer[],
): string {
  const algorithm = sequence(objectId('1.2.840.10045.4.3.2'));
  const signed = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    issuer,
    sequence(time(validity.validFromMs), time(validity.validToMs)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const whole = sequence(signed, algorithm, bits(sign('sha256', signed, signer)));
  return new X509Certificate(whole).toString();
}

function nameOf(text: string): Buffer {
  return sequence(tagged(0x31, sequence(objectId('2.5.4.3'), tagged(0x0c, Buffer.from(text)))));
}

function generalName(name: string): Buffer {
  const family = isIP(name);
  if (family !== 0) return tagged(0x87, family === 4 ? ipv4(name) : ipv6(name));
  return tagged(name.includes('://') ? 0x86 : 0x82, Buffer.from(name));
}

function ipv4(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function ipv6(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const groups = (text: string | undefined) => (text ? text.split(':') : []);
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectId(id), ...(critical ? [Buffer.from([0x01, 0x01, 0xff])] : []), tagged(0x04, value));
}

/** DER: a tag, the length, the content. */
function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = Buffer.from(length.toString(16).padStart(length > 255 ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length]), bytes, content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function bits(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.from([0]), bytes);
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return tagged(0x18, Buffer.from(digits));
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}
