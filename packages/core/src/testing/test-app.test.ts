import { token } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { inject } from '../container/inject.js';
import { Injectable } from '../container/injectable.js';
import { testApp } from './test-app.js';

const rate = token<number>('rate', () => 1);

@Injectable()
class Converter {
  readonly rate = inject(rate);
}

test('is started, replaces what it is told to, and stops with its block', async () => {
  const log: string[] = [];
  const signals = process.listenerCount('SIGTERM');
  {
    await using app = await testApp({
      overrides: [[rate, { useValue: 7 }]],
      use: [{ name: 'noting', stop: () => void log.push('stopped') }],
    });
    expect(app.state).toBe('ready');
    expect(app.get(Converter).rate).toBe(7);
    expect(app.managementUrl).toBeUndefined();
    expect(process.listenerCount('SIGTERM')).toBe(signals);
    expect(log).toEqual([]);
  }
  expect(log).toEqual(['stopped']);
});

test('takes every option of an application', async () => {
  const app = await testApp({ name: 'prices', management: {} });
  expect(app.info.name).toBe('prices');
  expect((await fetch(`${app.managementUrl}/manage/info`)).status).toBe(200);
  await app.stop();
});

test('replaces components by name, in their places, and says when there is nothing to replace', async () => {
  const log: string[] = [];
  const component = (name: string, from: string) => ({ name, start: () => void log.push(`${from} ${name}`) });
  const use = [component('first', 'program'), component('second', 'program'), component('third', 'program')];
  await using _ = await testApp({ use, replace: [component('third', 'test'), component('first', 'test')] });
  expect(log).toEqual(['test first', 'program second', 'test third']);
  await expect(testApp({ use, replace: [component('forth', 'test')] })).rejects.toThrow(
    /testApp.*replace has "forth", but use has no component of that name \(it has first, second, third\)/,
  );
});
