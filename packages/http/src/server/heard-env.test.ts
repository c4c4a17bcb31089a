import { expect, onTestFinished, test, vi } from 'vitest';
import { contract } from '../contract/contract.js';
import { get } from '../contract/operation.js';
import { send } from '../fixtures/raw-request.js';
import { served } from '../serving/served.js';
import { createServer } from './server.js';

const desk = contract('desk', { version: '1.0.0', operations: { ask: get('/ask') } });

test('a server without a logger warns of the first handler that fails, so that the reason is found', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
  onTestFinished(() => warn.mockRestore());
  const ask = () => {
    throw new Error('the shelf is empty');
  };
  const server = createServer({ serve: [served(desk, { ask })] });
  onTestFinished(() => server.close());
  await server.start();
  for (let round = 0; round < 2; round++) {
    const { status, text } = await send(`${server.url}/ask`);
    expect(status).toBe(500);
    expect(text).not.toContain('shelf');
  }
  expect(warn.mock.calls.map(([message]) => message)).toEqual([
    'a handler failed (desk.ask): the shelf is empty; further failures of this server are not told: give it a logger, createServer({ env: { logger } })',
  ]);
});
