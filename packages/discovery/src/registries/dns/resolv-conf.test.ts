import { describe, expect, test } from 'vitest';
import { candidatesOf, isServer, parseResolvConf } from './resolv-conf.js';

describe('resolv.conf', () => {
  test('names servers, domains and dots, past comments and what it does not know', () => {
    const text = [
      '# made by hand',
      'nameserver 10.0.0.2 ; the first',
      '\tnameserver\tfe80::1%eth0',
      'nameserver not-an-address',
      'nameserver 127.0.0.1:5353',
      'nameserver 10.0.0.9 # a fourth is never asked',
      'sortlist 130.155.160.0/255.255.240.0',
      'options edns0 ndots:5 timeout:1',
      'search shop.svc.cluster.local. svc.cluster.local',
      '',
    ].join('\r\n');
    expect(parseResolvConf(text, 'web-1.example.com')).toEqual({
      servers: ['10.0.0.2', 'fe80::1%eth0', '127.0.0.1:5353'],
      search: ['shop.svc.cluster.local', 'svc.cluster.local'],
      ndots: 5,
    });
  });

  test.each([
    ['search a.example\ndomain b.example\n', ['b.example']],
    ['domain b.example\nsearch a.example c.example\n', ['a.example', 'c.example']],
    ['search .\n', ['']],
    ['', ['example.com']],
  ])('takes the last word on domains, and else that of the host: %j', (text, search) => {
    expect(parseResolvConf(text, 'web-1.example.com').search).toEqual(search);
  });

  test('searches nothing where neither the file nor the name of the host has a domain', () => {
    expect(parseResolvConf('nameserver 10.0.0.2', 'web-1').search).toEqual([]);
  });

  test.each([
    ['options ndots:0', 0],
    ['options ndots:99', 15],
    ['options ndots:x ndots:', 1],
    ['options ndots:2\noptions ndots:3', 3],
  ])('counts dots as "%s" says', (text, ndots) => {
    expect(parseResolvConf(text, 'web-1').ndots).toBe(ndots);
  });

  test('is read in linear time whatever it holds', () => {
    const startMs = performance.now();
    parseResolvConf(`search ${' '.repeat(1_000_000)}\n`.repeat(3), 'web-1');
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});

describe('a name', () => {
  const search = ['shop.svc.cluster.local', 'svc.cluster.local'];

  test.each([
    ['inventory', 1, ['inventory.shop.svc.cluster.local', 'inventory.svc.cluster.local', 'inventory']],
    [
      'inventory.shop',
      1,
      ['inventory.shop', 'inventory.shop.shop.svc.cluster.local', 'inventory.shop.svc.cluster.local'],
    ],
    [
      'inventory.shop',
      5,
      ['inventory.shop.shop.svc.cluster.local', 'inventory.shop.svc.cluster.local', 'inventory.shop'],
    ],
    ['inventory', 0, ['inventory', 'inventory.shop.svc.cluster.local', 'inventory.svc.cluster.local']],
    ['inventory.', 5, ['inventory']],
  ])('"%s" is tried with ndots %i as the system does', (name, ndots, names) => {
    expect(candidatesOf(name, { search, ndots })).toEqual(names);
  });

  test('is tried once where a domain adds nothing, and never longer than a name may be', () => {
    expect(candidatesOf('inventory', { search: [''], ndots: 1 })).toEqual(['inventory']);
    expect(candidatesOf('inventory', { search: [Array(62).fill('abc').join('.')], ndots: 1 })).toEqual(['inventory']);
  });
});

test.each([
  ['10.0.0.2', true],
  ['10.0.0.2:5353', true],
  ['fd00::2', true],
  ['[fd00::2]:53', true],
  ['10.0.0.2:0', false],
  ['10.0.0.256', false],
  ['[10.0.0.2]:53', false],
  ['fd00::2]:53', false],
  ['dns.example.com', false],
  ['', false],
  [undefined, false],
])('takes %s for the address of a server: %s', (text, is) => {
  expect(isServer(text)).toBe(is);
});
