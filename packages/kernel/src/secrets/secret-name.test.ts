import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSecretName } from './secret-name.js';

describe('secret are', () => {
  test.each([
    ...['password', 'dbPassword', 'DB_PASSWORD', 'dbpassword', 'db.password', 'password2', 'passwordProd', 'PASSWD'],
    ...['api-key', 'apiKey', 'apikey', 'APIKey', 'X-Api-Key', 'apiKeyProd', 'accessToken', 'authtoken', 'JWTToken'],
    ...['clientSecret', 'secret', 'secretValue', 'AWSSecretAccessKey', 'credentials', 'credential', 'passphrase'],
    ...['PRIVATE_KEY', 'privateKey', 'privateKeyPem', 'tls.key', 'key', 'signingKeys', 'stripeKey', 'accountKey'],
    ...['jwt', 'bearer', 'bearerToken', 'dsn', 'sentryDsn', 'dsnUrl', 'webhook', 'webhookUrl', 'slackWebhookURL'],
    ...['authorization', 'Proxy-Authorization', 'cookie', 'set-cookie', 'cookieSecret', 'sessionId', 'session_id'],
    ...['smtpPass', 'DB_PASS', 'pwd', 'otp', 'signature', 'sig', 'keystorePassword', 'keyStorePassword', 'idToken'],
    ...['hostKey', 'passwordHash', 'initialPassword', 'oauth2Token', 'X-Amz-Security-Token', 'X-Amz-Signature'],
  ])('%s', (name) => expect(isSecretName(name, 'value')).toBe(true));
});

describe('not secret are', () => {
  test.each([
    ...['monkey', 'keyboard', 'passengers', 'maxItems', 'tokenize', 'tokenizer', 'secretary', 'url', 'keyspace'],
    ...[
      'tokenBucket',
      'maxTokens',
      'tokensPerSecond',
      'tokenTtlMs',
      'tokenLimit',
      'passwordMinLength',
      'minPasswordLength',
    ],
    ...[
      'passwordMaxAgeDays',
      'passwordPolicy',
      'passwordRotationDays',
      'keyId',
      'accessKeyId',
      'keyPrefix',
      'keyCount',
    ],
    ...[
      'publicKey',
      'PUBLIC_KEY',
      'primaryKey',
      'foreignKey',
      'partitionKey',
      'sortKey',
      'routingKey',
      'cacheKey',
      'feature_flag.key',
    ],
    ...['cookieName', 'cookieDomain', 'cookieMaxAge', 'jwtIssuer', 'jwtAudience', 'jwtAlgorithm', 'tokenUrl'],
    ...['passwordFile', 'privateKeyPath', 'tlsKeyFile', 'secretName', 'secretsManager', 'apiKeyHeader', 'authType'],
    ...[
      'webhookTimeoutMs',
      'webhookPort',
      'credentialsProvider',
      'passThrough',
      'compass',
      'bypass',
      'pinned',
      'design',
    ],
    ...['', '-', '__', '0', 'author', 'authority', 'assignment', 'signal'],
  ])('%s', (name) => expect(isSecretName(name, 'value')).toBe(false));

  test.each([
    ['usePassword', true],
    ['secret', false],
    ['tokens', 5],
    ['completionTokens', 1500],
  ])('%s when it is %s', (name, value) => expect(isSecretName(name, value)).toBe(false));
});

test('a number is a secret where its name says so', () => {
  expect([isSecretName('password', 12345678), isSecretName('pin', 1234), isSecretName('token', 7)]).toEqual([
    true,
    true,
    true,
  ]);
});

const secrets = ['password', 'passphrase', 'apiKey', 'clientSecret', 'accessToken', 'privateKey', 'jwt', 'credential'];
const facts = ['MinLength', 'MaxAge', 'Ttl', 'TimeoutMs', 'File', 'Path', 'Name', 'Count', 'Policy', 'Id', 'Enabled'];
const styles: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
  (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  (name) => name.replace(/^./, (letter) => letter.toUpperCase()),
];

test('whatever stands in front and however it is written, a secret is one and a fact about it is none', () => {
  const before = fc.constantFrom('', 'db', 'payments', 'shop2', 'eu1');
  fc.assert(
    fc.property(
      before,
      fc.constantFrom(...secrets),
      fc.constantFrom(...facts),
      fc.constantFrom(...styles),
      (front, secret, fact, style) => {
        const name = front === '' ? secret : `${front}${secret.charAt(0).toUpperCase()}${secret.slice(1)}`;
        expect([style(name), isSecretName(style(name), 'x')]).toEqual([style(name), true]);
        expect([style(name + fact), isSecretName(style(name + fact), 'x')]).toEqual([style(name + fact), false]);
      },
    ),
  );
});

test('any name is judged, in little time', () => {
  fc.assert(fc.property(fc.string(), (name) => typeof isSecretName(name) === 'boolean'));
  const startMs = performance.now();
  for (const part of ['A', 'aA', '_', 'token', 'a1']) isSecretName(part.repeat(1_000_000));
  expect(performance.now() - startMs).toBeLessThan(1000);
});
