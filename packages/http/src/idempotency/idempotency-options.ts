import { checkOptions, integerIn, millisecondsIn } from '@fwk/kernel';

/** Bounds of what is kept for `Idempotency-Key`. */
export interface IdempotencyOptions {
  /** How long an answer is kept, 1000 to 604 800 000 milliseconds. @defaultValue 600000 */
  readonly keepMs: number;
  /** Keys kept at once, 1 to 1 000 000. @defaultValue 10000 */
  readonly maxEntries: number;
  /** Keys kept at once for one caller, 1 to 1 000 000; its own oldest answer goes first. @defaultValue 1000 */
  readonly maxEntriesPerCaller: number;
  /** Sum of the answers' lengths in characters, 1024 to 2^31 − 1. @defaultValue 67108864 */
  readonly maxLength: number;
}

/** Defaults of {@link IdempotencyOptions}. */
export const idempotencyDefaults = Object.freeze({
  keepMs: 600_000,
  maxEntries: 10_000,
  maxEntriesPerCaller: 1000,
  maxLength: 67_108_864,
}) satisfies IdempotencyOptions;

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkIdempotencyOptions(options: Partial<IdempotencyOptions> | undefined): IdempotencyOptions {
  return checkOptions<IdempotencyOptions>('idempotency', options, idempotencyDefaults, {
    keepMs: millisecondsIn(1000, 604_800_000),
    maxEntries: integerIn(1, 1_000_000),
    maxEntriesPerCaller: integerIn(1, 1_000_000),
    maxLength: integerIn(1024, 2 ** 31 - 1),
  });
}
