import { mask } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { secretsOf } from './secret.js';

describe('secret names', () => {
  const secrets = secretsOf([]);

  test.each([
    ...['password', 'dbPassword', 'DB_PASSWORD', 'api-key', 'apiKey', 'apikey', 'accessToken', 'clientSecret'],
    ...['credentials', 'passphrase', 'PRIVATE_KEY'],
  ])('%s is secret', (name) => expect(secrets.has(['service', name])).toBe(true));

  test.each(['monkey', 'keyboard', 'passengers', 'maxItems', 'tokenize', 'secretary', 'url'])('%s is not', (name) =>
    expect(secrets.has(['service', name])).toBe(false),
  );

  test('everything below a secret name is secret', () => {
    expect(secrets.masked({ credentials: { user: 'eve', pin: 1 }, port: 1 }, [])).toEqual({
      credentials: mask,
      port: 1,
    });
  });
});

test('declared paths are secret, and what stands beside them is not', () => {
  const secrets = secretsOf(['billing.account']);
  expect(secrets.masked({ billing: { account: 'DE1', city: 'Bonn' }, account: 'x' }, [])).toEqual({
    billing: { account: mask, city: 'Bonn' },
    account: 'x',
  });
});

test('a missing secret shows as missing, not as masked', () => {
  expect(secretsOf([]).masked({ password: null }, [])).toEqual({ password: null });
});

test('passwords inside URLs are masked whatever the setting is called', () => {
  expect(secretsOf([]).masked({ db: 'postgres://shop:hunter2@db:5432/shop' }, [])).toEqual({
    db: `postgres://shop:${mask}@db:5432/shop`,
  });
});

test('foreign messages lose the values of secrets and keep the rest', () => {
  const tree = { auth: { password: 'hunter2', pin: 1 }, list: [{ token: 12345678 }], city: 'Bonn' };
  const message = 'got "hunter2" and 12345678 in Bonn';
  expect(secretsOf([]).messagesOf(tree)(message)).toBe(`got "${mask}" and ${mask} in Bonn`);
});

test('foreign messages lose secrets as JSON writes them too, and long ones before those within them', () => {
  const password = 'pa"ss\\wörd\n1';
  const mask = secretsOf([]).messagesOf({ password, pin: 'hunter', token: 'hunter2more' });
  expect(mask(`must be short (was ${JSON.stringify(password)})`)).toBe('must be short (was "******")');
  expect(mask(`neither ${password} nor hunter2more`)).toBe('neither ****** nor ******');
});

test('secrets inside values are masked, and harmless settings with such words in their names are shown', () => {
  const settings = {
    db: 'postgres://shop:hun/t@er@db:5432/shop',
    legacy: 'Server=db;User=sa;Password=p w',
    files: ['https://b.example/f?sig=abc'],
    alerts: { slack: 'https://hooks.slack.com/services/T000/B000/XXXX1234abcd' },
    tls: { certificate: '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----' },
    auth: { jwt: 'abc', bearer: 'abc', passwordMinLength: 8, requirePassword: true, tokenTtlMs: 5, jwtIssuer: 'me' },
    limits: { tokenBucket: { size: 5 }, maxTokens: 10, tokens: 7 },
    header: 'Bearer abcdef',
  };
  expect(secretsOf([]).masked(settings, [])).toEqual({
    ...settings,
    db: `postgres://shop:${mask}@db:5432/shop`,
    legacy: `Server=db;User=sa;Password=${mask}`,
    files: [`https://b.example/f?sig=${mask}`],
    alerts: { slack: `https://hooks.slack.com/${mask}` },
    tls: { certificate: mask },
    auth: { ...settings.auth, jwt: mask, bearer: mask },
    header: `Bearer ${mask}`,
  });
});

test('a value beside the name of a secret is masked, as in lists of variables and headers', () => {
  const pairs = [
    { name: 'DB_PASSWORD', value: 'hunter2' },
    { name: 'LOG_LEVEL', value: 'info' },
  ];
  expect(secretsOf([]).masked({ env: pairs }, [])).toEqual({
    env: [
      { name: 'DB_PASSWORD', value: '******' },
      { name: 'LOG_LEVEL', value: 'info' },
    ],
  });
});
