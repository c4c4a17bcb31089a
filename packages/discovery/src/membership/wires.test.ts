import { describe, expect, test } from 'vitest';
import { parseInstance } from '../instance.js';
import { anInstance } from '../testing/instances.js';
import { InstanceEndpoint } from './endpoint.js';
import { readWires } from './wires.js';

describe('the wires of an instance', () => {
  test.each([
    ['http,mux', ['http', 'mux']],
    ['mux,http', ['mux', 'http']],
    [' HTTP , Mux ', ['http', 'mux']],
    ['mux', ['mux']],
    ['mux,mux,mux', ['mux']],
    ['http,quic,mux', ['http', 'mux']],
    ['quic', ['http']],
    ['', ['http']],
    [',,,', ['http']],
    ['http mux', ['http']],
    [`${'x,'.repeat(200)}mux`, ['http']],
    [undefined, ['http']],
  ])('%j means %j', (text, wires) => {
    expect(readWires(text)).toEqual(wires);
  });

  test('are read from what the instance says in its registration', () => {
    const said = parseInstance(anInstance({ metadata: { wires: 'http,mux' } }));
    expect(new InstanceEndpoint(said).wires).toEqual(['http', 'mux']);
    expect(new InstanceEndpoint(said).url).toMatch(/^http:/);
    expect(new InstanceEndpoint(parseInstance(anInstance())).wires).toEqual(['http']);
  });

  test('stand in the URL of an instance that speaks only Mux in clear', () => {
    const url = (metadata: Record<string, string>) => new InstanceEndpoint(anInstance({ metadata })).url;
    expect(url({ wires: 'mux' })).toMatch(/^mux:/);
    expect(url({ wires: 'mux', scheme: 'https' })).toMatch(/^https:/);
  });

  test('make another endpoint when they change', () => {
    const before = anInstance({ metadata: { wires: 'http' } });
    const endpoint = new InstanceEndpoint(before);
    expect(endpoint.continues({ ...before, metadata: { wires: 'http', rack: '7' } })).toBe(true);
    expect(endpoint.continues({ ...before, metadata: { wires: 'http,mux' } })).toBe(false);
  });
});
