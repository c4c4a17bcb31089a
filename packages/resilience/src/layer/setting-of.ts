import { isLive } from '@fwk/kernel';

/** What an option says, unless it says that there is to be no such layer. */
export function wanted<T>(option: T | false | undefined): T | undefined {
  return option === false ? undefined : option;
}

/** What an option of a layer comes to as a number, by its default if need be; undefined where there is no such layer. */
export function settingOf<Options extends object>(
  layer: Partial<Options> | false | undefined,
  defaults: Options,
  name: keyof Options,
): number | undefined {
  const given = wanted(layer);
  return given === undefined ? undefined : numberOf(given[name] ?? defaults[name]);
}

/** An option as a number, a live one as it is now; undefined for what is none. */
export function numberOf(option: unknown): number | undefined {
  const value = isLive(option) ? option.value : option;
  return typeof value === 'number' ? value : undefined;
}

/** Whether both are known and the first is above the second. */
export function isAbove(value: number | undefined, limit: number | undefined): boolean {
  return value !== undefined && limit !== undefined && value > limit;
}

/** Whether both are known and the first is not below the second. */
export function isAtLeast(value: number | undefined, limit: number | undefined): boolean {
  return value !== undefined && limit !== undefined && value >= limit;
}
