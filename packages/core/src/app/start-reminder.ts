/**
 * A program that makes an application and forgets to start it ends at once, with exit code 0 and without a word. So the
 * process says it when it has nothing left to do. One that calls `process.exit()` meant to end.
 */
const unstarted = new Set<{ readonly name: string }>();

function remind(): void {
  for (const { name } of unstarted) {
    process.emitWarning(
      `the application "${name}" was made but never started, and the process has nothing else to do; call: await app.start()`,
      { type: 'FwkNotStartedWarning' },
    );
  }
  forgetAll();
}

function forgetAll(): void {
  unstarted.clear();
  process.off('beforeExit', remind);
}

/** Warns, once, if the process runs out of work before the answer is disposed. Keeps nothing but the name. */
export function remindToStart(name: string): Disposable {
  const entry = { name };
  if (unstarted.size === 0) process.on('beforeExit', remind);
  unstarted.add(entry);
  return {
    [Symbol.dispose]() {
      if (unstarted.delete(entry) && unstarted.size === 0) forgetAll();
    },
  };
}
