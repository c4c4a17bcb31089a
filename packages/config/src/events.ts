/** Events of this package. None carries a value of a setting: values may be secret. */
export const configEvents = Object.freeze({
  'config.changed': 'New settings took effect: version, and the paths that changed (at most 100 are listed).',
  'config.refused':
    'An edit was refused or a file vanished, and the last good settings stay: code, reason, path of the source, issues.',
  'config.recovered': 'The sources are good again after a refusal: version, and the reason that no longer holds.',
});
