/** What a single call says of where it wants to go. */
import { routeKey } from '@fwk/discovery';
import { background } from '@fwk/kernel';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fixtures/fleet.js';

let fleet: Fleet;
beforeEach(async () => {
  fleet = await startFleet({ one: {}, two: {}, three: {} });
});
afterEach(() => fleet[Symbol.asyncDispose]());

const rounds = Array.from({ length: 12 });

describe('a call of a client', () => {
  test('goes to the instance that it is pinned to, and to none that it avoids', async () => {
    const { client } = fleet;
    for (const _ of rounds) expect(await client.who({}, { route: { pin: 'two' } })).toEqual({ id: 'two' });
    for (const _ of rounds) {
      expect(await client.who({}, { route: { avoid: ['two', 'three'] } })).toEqual({ id: 'one' });
    }
    expect(await client.book({ body: { user: 'ann' } }, { route: { pin: 'three' } })).toEqual({ id: 'three' });
  });

  test('may say so by its context too, and what stands beside it lies over that', async () => {
    const context = background.with({ values: [routeKey.of({ pin: 'one' })] });
    expect(await fleet.client.who({}, { context })).toEqual({ id: 'one' });
    expect(await fleet.client.who({}, { context, route: { pin: 'two' } })).toEqual({ id: 'two' });
  });

  test.each([
    [
      { pinn: 'two' },
      /call of "fleet.who": route: unknown option "pinn", did you mean "pin"\? \(known: key, version, tags, pin, avoid\)/,
    ],
    [{ version: 'newest' }, /route: version must be a version or a range such as \^2, 2\.x or >=2\.1 <3, not "newest"/],
    [{ pin: '' }, /route: pin must be a non-empty string/],
    [{ avoid: 'two' }, /route: avoid must be a list of at most 100 non-empty strings/],
    [{ tags: [7] }, /route: tags must be a list/],
    ['two', /route: options must be an object/],
    [null, /route: options must be an object/],
  ])('is refused with a route that is none: %j', async (route, message) => {
    await expect(fleet.client.who({}, { route: route as never })).rejects.toThrow(message);
    await expect(fleet.client.who({}, { route: route as never })).rejects.toMatchObject({
      code: 'FWK_KERNEL_OPTIONS_INVALID',
    });
  });
});

describe('a request by fetch', () => {
  const idOf = async (answer: Promise<Response>) => ((await (await answer).json()) as { readonly id: string }).id;

  test('takes the same route', async () => {
    for (const _ of rounds) expect(await idOf(fleet.fetch('/who', { route: { pin: 'three' } }))).toBe('three');
    for (const _ of rounds) expect(await idOf(fleet.fetch('/who', { route: { avoid: ['one', 'three'] } }))).toBe('two');
  });

  test('is refused with a route that is none, as fetch refuses', async () => {
    const error = await fleet.fetch('/who', { route: { pin: 7 } as never }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).cause).toMatchObject({ message: expect.stringContaining('route: pin must be') });
  });
});
