import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskText } from './mask-text.js';
import { mask } from './secret-name.js';

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const pem = (label: string) => `-----BEGIN ${label}-----\nMIIEvQIBADANBg\nkqhkiG9w0\n-----END ${label}-----`;

describe('is masked', () => {
  test.each([
    ['a password in a URL', 'postgres://shop:hunter2@db:5432/shop', `postgres://shop:${mask}@db:5432/shop`],
    ['with a slash', 'postgres://shop:hun/ter2@db/shop', `postgres://shop:${mask}@db/shop`],
    ['with a slash after digits', 'postgres://shop:12/ter2@db/shop', `postgres://shop:${mask}@db/shop`],
    ['with an @', 'postgres://shop:hun@ter2@db/shop', `postgres://shop:${mask}@db/shop`],
    ['with a question mark and a hash', 'amqp://u:a?b#c@mq/v', `amqp://u:${mask}@mq/v`],
    ['with a quote', "redis://:it's@cache", `redis://:${mask}@cache`],
    ['with a space', 'redis://u:my pass@cache', `redis://u:${mask}@cache`],
    ['with a colon', 'redis://u:a:b@cache', `redis://u:${mask}@cache`],
    ['without a user', 'redis://:hunter2@cache:6379', `redis://:${mask}@cache:6379`],
    ['with several hosts', 'mongodb://u:p@h1:1,h2:2/db', `mongodb://u:${mask}@h1:1,h2:2/db`],
    ['a token as a user', `https://${'a1'.repeat(12)}@git.example/x`, `https://${mask}@git.example/x`],
    ['in a sentence', 'cannot reach amqp://a:b@mq, mail me@x.org', `cannot reach amqp://a:${mask}@mq, mail me@x.org`],
    ['a query part', 'https://x.example/?a=1&token=abc&b=2', `https://x.example/?a=1&token=${mask}&b=2`],
    ['password', 'jdbc:mysql://h/db?user=a&password=b/c@d', `jdbc:mysql://h/db?user=a&password=${mask}`],
    ['a signature', 'https://b.example/f?sv=1&sig=a%2Fb', `https://b.example/f?sv=1&sig=${mask}`],
    ['an encoded name', 'https://x.example/?api%5Fkey=abc', `https://x.example/?api%5Fkey=${mask}`],
    ['a connection string', 'Server=db;User=sa;Password=p w&x', `Server=db;User=sa;Password=${mask}`],
    ['its first part', 'Password=p w;Server=db', `Password=${mask};Server=db`],
    ['a quoted part', 'Server=db;Pwd="a;b";User=sa', `Server=db;Pwd=${mask};User=sa`],
    ['a name of two words', 'AccountName=a;Account Key=abc==;X=1', `AccountName=a;Account Key=${mask};X=1`],
    [
      'a storage key',
      'AccountName=a;AccountKey=abc==;EndpointSuffix=x',
      `AccountName=a;AccountKey=${mask};EndpointSuffix=x`,
    ],
    ['of libpq', 'host=db password=abc user=me', `host=db password=${mask} user=me`],
    ['a member of JSON', '{"user":"a","password":"b\\"c","n":1}', `{"user":"a","password":"${mask}","n":1}`],
    ['a number of JSON', '{"pin": 1234}', `{"pin": "${mask}"}`],
    ['JSON in JSON', '{"body":"{\\"token\\":\\"abc\\"}"}', `{"body":"{\\"token\\":\\"${mask}\\"}"}`],
    ['a header line', 'GET /\r\nAuthorization: Custom abc\r\nHost: x', `GET /\r\nAuthorization: ${mask}\r\nHost: x`],
    ['a cookie line', 'Cookie: sid=abc; a=b', `Cookie: ${mask}`],
    ['a header line of any name', 'POST /\r\nX-Api-Key: abcdef\r\nHost: x', `POST /\r\nX-Api-Key: ${mask}\r\nHost: x`],
    ['a header of a command', "curl -H 'X-Auth-Token: abcdef' http://x", `curl -H 'X-Auth-Token: ${mask}' http://x`],
    ['an option of a command', 'run --password hunter2 --level info', `run --password ${mask} --level info`],
    ['a printed object', "{ user: 'eve', password: 'hun ter', n: 1 }", `{ user: 'eve', password: '${mask}', n: 1 }`],
    ['a printed map', "Map(1) { 'apiKey' => 'abc' }", `Map(1) { 'apiKey' => '${mask}' }`],
    ['a label', 'error: password: hunter2, level: info', `error: password: ${mask}, level: info`],
    ['a line of YAML', 'db:\n  api_key: a1b2c3\n  host: x', `db:\n  api_key: ${mask}\n  host: x`],
    ['a spaced assignment', 'host = db; Password = p w; X = 1', `host = db; Password = ${mask}; X = 1`],
    ['a quoted assignment', 'password = "hun ter"', `password = ${mask}`],
    ['an element', '<user>eve</user><password>hun ter</password>', `<user>eve</user><password>${mask}</password>`],
    ['bearer', 'Bearer abcdef', `Bearer ${mask}`],
    ['bearer in a sentence', 'sent Bearer abc123.x to it', `sent Bearer ${mask} to it`],
    ['basic', 'Basic dXNlcjpwYXNz', `Basic ${mask}`],
    ['a web token', `got ${jwt}, sorry`, `got ${mask}, sorry`],
    ['a web token in a path', `/verify/${jwt}`, `/verify/${mask}`],
    ['a private key', `before\n${pem('RSA PRIVATE KEY')}\nafter`, `before\n${mask}\nafter`],
    ['another', pem('OPENSSH PRIVATE KEY'), mask],
    ['one that is cut', pem('PRIVATE KEY').slice(0, 50), mask],
    ['a member of JSON that is cut', '{"user":"a","password":"b c', `{"user":"a","password":"${mask}"`],
    ['one that is cut behind a backslash', '{"password":"b\\"c\\', `{"password":"${mask}"`],
    ['a printed object that is cut', "{ user: 'eve', password: 'hun ter", `{ user: 'eve', password: '${mask}'`],
    ['a long quoted secret', `password: '${'x'.repeat(2000)}', n: 1`, `password: '${mask}', n: 1`],
    ['a short token as a user', 'redis://Xk9sEcr3t@cache:6379', `redis://${mask}@cache:6379`],
    ['a query part named auth', 'https://x.example/?a=1&auth=Xk9sEcr3t', `https://x.example/?a=1&auth=${mask}`],
    ['a session', 'https://x.example/?PHPSESSID=Xk9sEcr3t', `https://x.example/?PHPSESSID=${mask}`],
    ['a label without a space', 'client_secret:Xk9sEcr3t, x', `client_secret:${mask}, x`],
    ['a scheme of its own', 'sent Token 9944b09199c62bcf to it', `sent Token ${mask} to it`],
    ['a webhook host', 'https://webhook.site/3fa85f64-5717', `https://webhook.site/${mask}`],
    ['a hook host', 'https://hook.eu1.make.com/abcd1234efgh', `https://hook.eu1.make.com/${mask}`],
    [
      'a trigger',
      'https://maker.ifttt.com/trigger/x/with/key/abc1234def',
      `https://maker.ifttt.com/trigger/x/with/key/${mask}`,
    ],
    [
      'an integration',
      'https://events.pagerduty.com/integration/a1b2c3d4e5/enqueue',
      `https://events.pagerduty.com/integration/${mask}`,
    ],
    ...['dckr_pat_', 'shpat_', 'pypi-', 'tskey-auth-', 'AGE-SECRET-KEY-1', 'glrt-', 'sntrys_', 'ATATT3', 'doo_v1_'].map(
      (start) => [`a token that begins with ${start}`, `${start}AbCdEf0123456789`, mask],
    ),
    ['a Slack webhook', 'https://hooks.slack.com/services/T000/B000/XXXX1234abcd', `https://hooks.slack.com/${mask}`],
    [
      'a Discord webhook',
      'https://discord.com/api/webhooks/123456789/abcDEF_1',
      `https://discord.com/api/webhooks/${mask}`,
    ],
    [
      'a Teams webhook',
      'https://x.webhook.office.com/webhookb2/0a1b2c3d-1@e/x',
      `https://x.webhook.office.com/${mask}`,
    ],
    ['a Telegram bot', 'https://api.telegram.org/bot123456:AAE-x/send', `https://api.telegram.org/bot${mask}`],
    ['a provider token', 'use ghp_0123456789abcdefABCDEF0123456789abcd now', `use ${mask} now`],
  ])('%s', (_, text, expected) => expect(maskText(text)).toBe(expected));
});

describe('is left as it is', () => {
  test.each([
    ...[
      'postgres://db:5432/shop',
      'http://registry:4873/@scope/pkg',
      'https://x.example/users/@me',
      'ssh://git@host/x',
    ],
    ...['https://x.example:8443/users?email=a@b.c', 'mailto:a@b.c', 'redis://h1:6379,redis://h2:6379'],
    ...['https://x.example/?page=2&max_tokens=5&tokenize=1', 'https://shop.example/webhooks/orders', '/webhook/paid'],
    ...['Basic authentication is required', 'the bearer token is missing', 'send "Authorization: Bearer <token>"'],
    ...[
      'maxTokens=5 passwordMinLength=8',
      'tokens=12 of 15',
      'a == b',
      'x=',
      'secret=true',
      '{"tokens":12,"secret":null}',
    ],
    ...['clients.token: expected string', 'cookie: Invalid input', pem('CERTIFICATE'), pem('PUBLIC KEY')],
    ...['token: expected a text', 'password: must be set', 'at Token (/src/token.ts:48:14)', 'http://[::1]:80/@scope'],
    ...['run --token <token>', 'either --password or --token', "{ auth: 'basic', tokens: 5 }", '<name>eve</name>'],
    ...['packages/kernel/src/secrets/mask-text.test.ts', '3fa85f64-5717-4562-b3fc-2c963f66afa6', 'FWK_CORE_PORT_TAKEN'],
  ])('%s', (text) => expect(maskText(text)).toBe(text));
});

test('a password in a URL never shows, whatever it is and whatever stands round it', () => {
  const password = fc.string({ unit: fc.constantFrom(..."ab1/@?#:;&=%!$,+~'"), minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(password, fc.constantFrom('', 'cannot reach ', '['), (secret, before) => {
      const marked = `Q${secret}Z`;
      const shown = maskText(`${before}postgres://shop:${marked}@db:5432/shop`);
      expect(shown).not.toContain('Q');
      expect(shown).not.toContain('Z');
      expect(shown).toContain('@db:5432/shop');
    }),
  );
});

test('masking twice changes nothing more, and never throws', () => {
  const piece = fc.constantFrom(
    '://',
    'a:b@',
    'token=',
    ';',
    '&',
    '?',
    '"',
    '":',
    'Bearer ',
    '-----BEGIN ',
    'eyJ',
    '.',
    '\n',
    'x1',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 12 }), (pieces) => {
      expect(typeof maskText(pieces.join(''))).toBe('string');
    }),
  );
});

test('a text without end costs linear time, whatever it repeats', () => {
  const pieces = [
    '://',
    '://a:',
    'a:b@',
    '://a:b c',
    '=',
    'token=',
    'password="',
    'password: "',
    ';Pwd={',
    '"a":',
    '"a":"',
    '\\"a\\":\\"',
    'auth=',
    'auth={',
    '=%',
    '?%zz=a&',
  ];
  const more = [
    ...['a: ', 'password: ', "'token': '", '--token ', '--a', ' = ', 'token    =    ', '<a>', '<token>', '</', '=> '],
    'bearer ',
    'Basic a',
    '-----BEGIN ',
    '-----BEGIN PUBLIC KEY-----',
    'eyJ',
    'eyJ.',
    '-eyJ',
    ' ',
    '\n',
    '\\',
    "'",
  ];
  for (const piece of [...pieces, ...more]) {
    const startMs = performance.now();
    maskText(piece.repeat(Math.ceil(400_000 / piece.length)));
    expect([piece, performance.now() - startMs < 2000]).toEqual([piece, true]);
  }
  for (const [start, piece] of [
    ['://', '.webhook.'],
    ['://', '.hooks.'],
    ['://a/', '/bot1'],
    ['auth={', 'auth={'],
  ] as const) {
    const startMs = performance.now();
    maskText(start + piece.repeat(400_000 / piece.length));
    expect([start, piece, performance.now() - startMs < 2000]).toEqual([start, piece, true]);
  }
});
