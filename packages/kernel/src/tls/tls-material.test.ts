/** What is said of files that cannot be used, before anybody connects with them. */
import { createPrivateKey } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { makeEnv } from '../service/env.js';
import { testAuthority } from '../testing/test-authority.js';
import { followTls } from './follow-tls.js';
import { checkTlsSources, type TlsSources } from './tls-options.js';

const authority = testAuthority();
const { cert, key } = authority.issue();
const other = authority.issue({ names: ['other'] });
const encrypted = createPrivateKey(key)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
  .toString();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-tls-'));
  const made = folder;
  onTestFinished(() => rm(made, { recursive: true, force: true }));
});

async function put(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  return path;
}

function use(sources: TlsSources) {
  const followed = followTls('server', sources, makeEnv());
  onTestFinished(() => followed[Symbol.dispose]());
  return followed.material.value;
}

function problemOf(work: () => unknown): { readonly message: string; readonly code: string } {
  try {
    work();
  } catch (error) {
    return error as { readonly message: string; readonly code: string };
  }
  throw new Error('nothing was refused');
}

describe('what can be used', () => {
  test('is told of by subject, names and dates', () => {
    const validToMs = Date.UTC(2049, 11, 31, 23, 59, 58);
    const long = authority.issue({ names: ['inventory', '10.0.0.4', 'fd00::7', 'spiffe://shop/inventory'], validToMs });
    expect(use(long).certificate).toMatchObject({
      subject: 'CN=inventory',
      names: 'DNS:inventory, IP Address:10.0.0.4, IP Address:FD00:0:0:0:0:0:0:7, URI:spiffe://shop/inventory',
      validToMs,
    });
  });

  test.each<[string, () => Promise<TlsSources> | TlsSources]>([
    ['texts', () => ({ ca: authority.ca, cert, key })],
    ['authorities alone', () => ({ ca: authority.ca })],
    ['several authorities', () => ({ ca: `# ours\n${authority.ca}\n${testAuthority().ca}` })],
    ['nothing, so that Node’s own authorities count', () => ({})],
    ['an encrypted key and its passphrase', () => ({ cert, key: encrypted, passphrase: 'open sesame' })],
    [
      'certificate and key in one file',
      async () => {
        const both = await put('both.pem', cert + key);
        return { certFile: both, keyFile: both };
      },
    ],
    [
      'the key first in that file',
      async () => {
        const both = await put('both.pem', key + cert);
        return { certFile: both, keyFile: both };
      },
    ],
    [
      'lines that end as on Windows',
      () => ({ cert: cert.replaceAll('\n', '\r\n'), key: key.replaceAll('\n', '\r\n') }),
    ],
    [
      'a passphrase in a file that ends with a line break',
      async () => ({
        cert,
        keyFile: await put('own.key', encrypted),
        passphraseFile: await put('passphrase', 'open sesame\n'),
      }),
    ],
  ])('may be %s', async (_what, sources) => {
    const given = await sources();
    expect(() => checkTlsSources('server', given)).not.toThrow();
    expect(use(given).secureContext).toBeDefined();
  });
});

describe('what cannot be used is refused with the file and the reason', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ['an empty certificate', { cert: '' }, /certFile .*\/cert cannot be used for TLS: it is empty/],
    [
      'a certificate that is half written',
      { cert: cert.slice(0, 300) },
      /certFile .*\/cert .*certificate 1 has no end/,
    ],
    ['a chain that is half written', { cert: cert + authority.ca.slice(0, 300) }, /certificate 2 has no end/],
    ['no PEM', { cert: 'certificate of the server' }, /it holds no certificate in PEM/],
    [
      'a broken certificate',
      { cert: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
      /certificate 1 is broken/,
    ],
    ['a key in the place of the certificate', { cert: key }, /certFile .*it holds no certificate in PEM/],
    ['a certificate in the place of the key', { key: cert }, /keyFile .*it holds no private key in PEM/],
    ['an empty key', { key: '' }, /keyFile .*it is empty/],
    ['a key that is half written', { key: key.slice(0, 100) }, /keyFile .*the key has no end/],
    [
      'a broken key',
      { key: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n' },
      /keyFile .*no private key that OpenSSL can read/,
    ],
    [
      'the key of another certificate',
      { key: other.key },
      /keyFile .*not the key of the first certificate of certFile/,
    ],
    [
      'an encrypted key without a passphrase',
      { key: encrypted },
      /the key is encrypted; give passphrase or passphraseFile/,
    ],
    ['a wrong passphrase', { key: encrypted, passphrase: 'open' }, /keyFile .*the passphrase does not open the key/],
    ['a broken authority', { ca: authority.ca.slice(0, 200) }, /caFile .*certificate 1 has no end/],
    ['authorities without one', { ca: 'we trust everybody' }, /caFile .*holds no certificate in PEM/],
  ])('%s', async (_what, replaced, reason) => {
    const files = { cert, key, ...replaced };
    const sources: Record<string, string> = {};
    for (const [name, text] of Object.entries(files)) sources[`${name}File`] = await put(name, text);
    const error = problemOf(() => use(sources));
    expect(error).toMatchObject({ code: 'FWK_KERNEL_TLS_INVALID' });
    expect(error.message).toMatch(reason);
    // Not even a line of it, nor the passphrase.
    for (const secret of [key, encrypted, other.key]) expect(error.message).not.toContain(secret.split('\n')[1]);
    expect(error.message).not.toContain('sesame');
  });

  test('a file that is not there, and one that is none', async () => {
    const keyFile = await put('own.key', key);
    expect(problemOf(() => use({ certFile: join(folder, 'gone.pem'), keyFile })).message).toMatch(
      /certFile .*gone\.pem cannot be used for TLS: there is no such file/,
    );
    expect(problemOf(() => use({ caFile: folder })).message).toMatch(/caFile .*a directory, not a regular file/);
  });

  test('a folder of authorities with none in it, while other things in it are passed over', async () => {
    await put('ca/notes.txt', 'who made these');
    await put('ca/broken.pem', '-----BEGIN CERTIFICATE-----\n');
    const caFolder = join(folder, 'ca');
    expect(problemOf(() => use({ caFolder })).message).toMatch(/caFolder .*holds no certificate in PEM/);
    await put('ca/..2026_01_01/ca.crt', authority.ca);
    await symlink('..2026_01_01', join(caFolder, '..data'));
    await symlink('nowhere', join(caFolder, 'gone.pem'));
    expect(use({ caFolder }).secureContext).toBeDefined();
  });
});

test.each<[string, unknown, RegExp]>([
  ['no object', 'cert.pem', /tls must be an object/],
  ['a list', [], /tls must be an object/],
  ['a misspelt field', { certfile: 'a' }, /tls\.certfile is unknown; there are ca, caFile/],
  [
    'a path where a text belongs',
    { cert: '/etc/tls/tls.crt', key },
    /tls\.cert must be a certificate in PEM; .*tls\.certFile/,
  ],
  ['a text and a file', { cert, certFile: 'a', key }, /cert or certFile, not both/],
  ['a certificate without its key', { certFile: 'a' }, /a certificate without its key/],
  ['a key without its certificate', { keyFile: 'a' }, /a key without its certificate/],
  ['a passphrase for nothing', { ca: authority.ca, passphrase: 'open sesame' }, /a passphrase without a key/],
  ['something else than text', { cert: Buffer.from(cert), key }, /tls\.cert must be text/],
  ['an empty path', { certFile: '', keyFile: 'a' }, /tls\.certFile must be text/],
  ['an old version', { minVersion: 'TLSv1' }, /tls\.minVersion must be TLSv1\.2 or TLSv1\.3/],
])('options with %s are refused before any file is read', (_what, given, reason) => {
  const error = problemOf(() => checkTlsSources('server', given));
  expect(error.code).toBe('FWK_KERNEL_OPTIONS_INVALID');
  expect(error.message).toMatch(reason);
  expect(error.message).not.toContain('sesame');
  expect(error.message).not.toContain(key.split('\n')[1]);
});
