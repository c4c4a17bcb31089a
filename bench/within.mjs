/** How long any one thing of a benchmark may take, in milliseconds: many times what it takes on a slow machine. */
export const longestMs = 120_000;

/**
 * Waits for a promise, but not for ever: a process or a library that never answers ends the run with an error that says what was
 * waited for.
 * @param {string} what - in words that go before "was not over"
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export async function within(limitMs, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} was not over within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
