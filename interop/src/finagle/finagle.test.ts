import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { runCases } from '../run-cases.js';
import { majorOf } from './build.js';
import { digestOf, textOf } from './served-peer.js';
import { WireRecorder } from './wire-recorder.js';

describe('the Finagle harness', () => {
  test.each([
    ['javac 17.0.15', 17],
    ['javac 21', 21],
    ['javac 1.8.0_412', 1],
    ['command not found', undefined],
  ])('reads the version of %j', (text, major) => {
    expect(majorOf(text)).toBe(major);
  });

  test('makes the same texts as the programs in Java', () => {
    expect(JSON.stringify(textOf(30))).toBe('"bcdefghijklmnopqrstuvwxyzabc"');
    expect(digestOf(textOf(700))).toBe('830165dbf6177bde714367dfef1bf369c42a0274b090b0f3dd5bb223706d8ba9');
  });

  test('records frames of both directions, and hands all bytes on', async () => {
    const server = createServer((socket) => socket.pipe(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    {
      await using recorder = await WireRecorder.before((server.address() as AddressInfo).port);
      const socket = connect(recorder.port, '127.0.0.1');
      const bytes = Buffer.from('00000006028000020102000000044100000100', 'hex');
      socket.write(bytes.subarray(0, 5));
      socket.write(bytes.subarray(5));
      const { body, ...first } = await recorder.awaits('client', 'Tdispatch');
      expect(first).toEqual({ from: 'client', type: 'Tdispatch', tag: 2, fragment: true });
      expect([...body]).toEqual([1, 2]);
      expect(await recorder.awaits('server', 'Tping')).toMatchObject({ tag: 1, fragment: false });
      socket.destroy();
    }
    server.close();
  });

  test('goes on after a case that failed', async () => {
    const told: string[] = [];
    const options = {
      told: ({ name, ok, detail }: { name: string; ok: boolean; detail: string }) =>
        told.push(`${name} ${ok} ${detail}`),
      say: () => {},
      signal: new AbortController().signal,
    };
    const cases = [
      { name: 'first', run: () => Promise.reject(new Error('torn')) },
      { name: 'second', run: async (scene: number) => `scene ${scene}` },
    ];
    await runCases(cases, 7, 'they call us', options);
    expect(told).toEqual(['first false torn', 'second true scene 7']);
  });
});
