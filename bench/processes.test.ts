import { expect, test } from 'vitest';
import { startUntil } from './processes.mjs';

const mute = 'process.on("message", () => {}); console.log("ready");';
const gone = 'process.on("message", () => process.exit(3)); console.log("ready");';

test('a question that a process does not answer ends with an error that says which', async () => {
  const child = await startUntil(['-e', mute], 'ready', {}, { asked: true });
  await expect(child.ask('cpu', 100)).rejects.toThrow(/ to "cpu" was not over within 0.1 s/);
  await child.stop();
});

test('a question to a process that ends meanwhile fails at once', async () => {
  const child = await startUntil(['-e', gone], 'ready', {}, { asked: true });
  await expect(child.ask('cpu')).rejects.toThrow('a process ended with 3');
  await expect(child.ask('cpu')).rejects.toThrow('a process ended with 3');
});
