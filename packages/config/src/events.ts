/** Events of this package. None carries a value of a setting: values may be secret. */
export const configEvents = Object.freeze({
  'config.changed': 'New settings took effect: version, and the paths that changed (at most 100 are listed).',
  'config.refused':
    'An edit was refused or a file vanished, and the last good settings stay: code, reason, path of the source, issues.',
  'config.overridden':
    'An operator changed what is set over all sources: path, kind (set, lifted, undone), actor, reason, untilMs.',
  'config.recovered': 'The sources are good again after a refusal: version, and the reason that no longer holds.',
  'flags.changed': 'New flag definitions took effect: version, and the flags that changed (at most 100 are listed).',
  'flag.exposed':
    'Somebody was given a variant, told once in a window: flag, variant, reason, contextId (its key); traceId and spanId of the call, where it has a trace.',
  'flag.expired': 'A flag is older than it should get, and still answers: flag, expires, owner.',
});
