import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { followFile } from './follow-file.js';

test('looks again, without any change, at a file that could not be read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fwk-discovery-'));
  const path = join(folder, 'instances.json');
  await writeFile(path, '{}');
  let looks = 0;
  const following = await new Promise<Disposable>((resolve) => {
    const started = followFile(
      path,
      async () => {
        looks++;
        if (looks === 3) resolve(started);
        return false;
      },
      systemClock,
      { debounceMs: 5, pollMs: 100 },
    );
  });
  following[Symbol.dispose]();
  expect(looks).toBe(3);
  await rm(folder, { recursive: true });
});
