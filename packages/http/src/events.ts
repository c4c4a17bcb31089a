/** The events of this package: name and what it says. */
export const httpEvents = Object.freeze({
  'failover.taken':
    'A call goes on to the next provider of its contract: service, the provider that could not answer (from), the next (to), operation, code and error.',
  'credentials.failed':
    'No credential could be had for the calls of a service: what went wrong, failures in a row, and when it is asked again. Never a secret.',
  'shadow.differed':
    'The answer to a copied call is not that of the call itself; carries operation and what differs. At most one a second for each operation; `untold` says how many there were since.',
  'variant.refused':
    'The variants of a feature flag are options that the policy of a client cannot take, so calls go as if there were no such flag: path, flag, problems.',
  'shadow.not-compared':
    'A call could not be copied or compared; carries the result, such as `failed` or `left-out`, and why. At most one a second for each operation.',
});

/** Names of this package's events. */
export type HttpEvent = keyof typeof httpEvents;
