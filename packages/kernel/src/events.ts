/** The events of this package: name and what it says. */
export const kernelEvents = Object.freeze({
  'classifier.failed': 'The classifier threw or answered no verdict; the call was counted as a failure.',
});

/** Names of this package's events. */
export type KernelEvent = keyof typeof kernelEvents;
