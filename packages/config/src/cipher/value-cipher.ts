/**
 * Single values that are kept encrypted: `enc:KEY:TEXT`, where KEY names the key and TEXT is base64url of nonce (12 bytes), cipher text and tag
 * (16 bytes) of AES-256-GCM (NIST SP 800-38D). Whoever has the key can read them; whoever changes them is noticed. Several
 * keys may be known at a time: the first encrypts, all decrypt, so that a key can be replaced step by step.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { ConfigError } from '../errors.js';

const prefix = 'enc:';
const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** Keys by their names, the one that encrypts first. */
export type ValueKeys = ReadonlyMap<string, Buffer>;

/** A new key, as text. */
export function makeKey(): string {
  return randomBytes(keyBytes).toString('base64');
}

/** True for a value that is, or claims to be, encrypted. */
export function isEncrypted(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(prefix);
}

/**
 * Reads keys: 32 bytes in base64 each, with commas, spaces or line breaks between.
 * @throws ConfigError `FWK_CONFIG_KEY_INVALID`; it does not show them.
 */
export function readKeys(text: string): ValueKeys {
  const keys = text.split(/[\s,]+/).filter((part) => part !== '');
  return new Map(
    keys.map((key, index) => {
      const bytes = Buffer.from(key, 'base64');
      if (bytes.length !== keyBytes || bytes.toString('base64') !== key) {
        const message = `key ${index + 1} is not 32 bytes in base64; make one by "fwk-config key"`;
        throw new ConfigError('FWK_CONFIG_KEY_INVALID', message);
      }
      return [nameOf(bytes), bytes];
    }),
  );
}

/** @throws ConfigError `FWK_CONFIG_KEY_INVALID` when there is no key. */
export function encryptValue(text: string, keys: ValueKeys): string {
  const [first] = keys;
  if (!first) {
    const message =
      'there is no key to encrypt with; make one by "fwk-config key", and give it as FWK_SETTINGS_KEY or by a key file';
    throw new ConfigError('FWK_CONFIG_KEY_INVALID', message);
  }
  const [name, key] = first;
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(name));
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${prefix}${name}:${sealed.toString('base64url')}`;
}

/** The text of an encrypted value, or why it cannot be read. */
export function decryptValue(value: string, keys: ValueKeys): { readonly text: string } | { readonly problem: string } {
  const parts = /^enc:([0-9a-f]{8}):([\w-]+)$/.exec(value);
  const sealed = Buffer.from(parts?.[2] ?? '', 'base64url');
  if (!parts?.[1] || sealed.length < nonceBytes + tagBytes) {
    return { problem: 'begins with "enc:" and is no encrypted value; make one by "fwk-config encrypt"' };
  }
  const key = keys.get(parts[1]);
  if (!key) {
    const known = keys.size === 0 ? 'no key is given' : `the keys given are ${[...keys.keys()].join(', ')}`;
    return { problem: `is encrypted with the key ${parts[1]}, and ${known}` };
  }
  try {
    const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(parts[1]));
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    const text = Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
    return { text: text.toString('utf8') };
  } catch {
    return { problem: `cannot be decrypted with the key ${parts[1]}: it is damaged, or was changed` };
  }
}

/** Tells keys apart and tells nothing of them. */
function nameOf(key: Buffer): string {
  return createHash('sha256').update('fwk-config key name').update(key).digest('hex').slice(0, 8);
}
