/** Assertions of cases. The text of a failed one becomes the detail of its case. */

/** @throws Error with the text */
export function must(holds: boolean, text: string): asserts holds {
  if (!holds) throw new Error(text);
}

/** @throws Error that shows both values */
export function mustEqual(seen: unknown, wanted: unknown, what: string): void {
  const [left, right] = [JSON.stringify(seen), JSON.stringify(wanted)];
  must(left === right, `${what} is ${left}, and should be ${right}`);
}

/** Waits for a failure. @throws Error when there is none */
export async function mustFail(work: Promise<unknown>, what: string): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error(`${what} was answered well, and should have failed`);
}
