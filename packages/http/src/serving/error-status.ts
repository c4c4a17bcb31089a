import { coreErrors } from '@fwk/core';
import { discoveryErrors } from '@fwk/discovery';
import { type ErrorEntry, kernelErrors } from '@fwk/kernel';
import { resilienceErrors } from '@fwk/resilience';
import { httpErrors } from '../errors.js';

const entries: ReadonlyMap<string, ErrorEntry> = new Map(
  [kernelErrors, coreErrors, resilienceErrors, discoveryErrors, httpErrors].flatMap((table) =>
    Object.entries<ErrorEntry>(table),
  ),
);

/** The row of a code in the tables of the packages that a server stands on. */
export function entryOfCode(code: string): ErrorEntry | undefined {
  return entries.get(code);
}

/** The status that the code's table gives it. */
export function statusOfCode(code: string): number | undefined {
  return entries.get(code)?.status;
}
