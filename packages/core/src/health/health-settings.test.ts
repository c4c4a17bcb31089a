import { type HealthIndicator, liveValue } from '@fwk/kernel';
import { expect, test, vi } from 'vitest';
import { HealthCheck } from './health-check.js';
import { checkHealthSettings, checkIndicator, healthDefaults, healthSettings } from './health-settings.js';

test.each([undefined, null, {}])('%j means the defaults', (given) => {
  expect(checkHealthSettings(given)).toEqual(healthDefaults);
});

test('parts of a group leave the others as they are', () => {
  expect(checkHealthSettings({ eventLoop: { lagMs: 50 }, overload: { inFlight: 5 } })).toMatchObject({
    eventLoop: { lagMs: 50, utilization: 0.98 },
    overload: { inFlight: 5, afterMs: 3000, backAfterMs: 5000, backBelow: 0.8 },
  });
});

test.each([
  [{ interval: 5 }, /unknown option "interval"/],
  [{ intervalMs: '5 s' }, /intervalMs must be/],
  [{ jitter: 2 }, /jitter must be/],
  [{ checks: [] }, /checks must be an object/],
  [{ checks: { db: { timeout: 5 } } }, /health checks.db: unknown option "timeout"/],
  [{ checks: { db: 5 } }, /health checks.db: options must be an object/],
  [{ checks: { db: { groups: ['deep', 'a b'] } } }, /groups must be a list/],
  [{ memory: { ratio: 92 } }, /health memory: ratio must be/],
  [{ disk: { path: '' } }, /health disk: path must be/],
  [{ overload: { inFlight: 0 } }, /health overload: inFlight must be/],
  [{ overload: 5 }, /health overload: options must be an object/],
  [5, /options must be an object/],
])('%j is refused', (given, message) => {
  expect(() => checkHealthSettings(given)).toThrow(
    expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID', message: expect.stringMatching(message) }),
  );
});

test('a name that every object has is the name of a check like any other', () => {
  const given = JSON.parse('{"checks":{"constructor":{"enabled":false}}}') as object;
  expect(Object.hasOwn(checkHealthSettings(given).checks, 'constructor')).toBe(true);
});

test('a later value with a mistake is refused as a whole, and the last right one stays', () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const live = liveValue<unknown>({ intervalMs: 1000 });
  const { guarded, settings } = healthSettings(live);
  const refused: string[] = [];
  guarded.reportTo(({ problem }) => refused.push(problem));
  const seen: number[] = [];
  settings.subscribe(({ intervalMs }) => seen.push(intervalMs));
  live.set({ intervalMs: 2000, timeoutMs: -1 });
  expect(settings.value).toMatchObject({ intervalMs: 1000, timeoutMs: 1000 });
  live.set({ intervalMs: 3000 });
  live.set(undefined);
  expect(seen).toEqual([3000, 5000]);
  expect(refused).toEqual([expect.stringMatching(/right settings of health \(.*timeoutMs must be/)]);
  warning.mockRestore();
});

test('settings that are wrong from the beginning are refused at once', () => {
  expect(() => healthSettings(liveValue<unknown>({ jitter: -1 }))).toThrow(/jitter must be/);
});

test('a check with a misspelt option is refused, and one of a class with fields of its own is not', () => {
  const check = () => {};
  expect(() => checkIndicator({ name: 'db', check, timeout: 5 } as HealthIndicator)).toThrow(
    'health check "db": unknown option "timeout", did you mean "timeoutMs"? (known: name, check,',
  );
  expect(() => checkIndicator({ name: 'db', check, pool: {} } as HealthIndicator)).not.toThrow();
  expect(() => Reflect.apply(HealthCheck, undefined, [check, {}])).toThrow("it needs a name: @HealthCheck('database')");
});
