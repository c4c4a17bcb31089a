/** The events of this package: name and what it says. */
export const kernelEvents = Object.freeze({
  'classifier.failed': 'The classifier threw or answered no verdict; the call was counted as a failure.',
  'tls.reloaded':
    'Files of TLS have changed and are used for new connections; carries the certificate that is shown now.',
  'tls.refused': 'Files of TLS cannot be used; what was read before stays in use. Carries the file and the reason.',
  'option.refused':
    'A live option was given a value that it cannot take, and keeps the last valid one; carries `option`, `problem` and `kept`.',
});

/** Names of this package's events. */
export type KernelEvent = keyof typeof kernelEvents;
