/** Settings of an instance, from a Consul that the drill changes. */
import { config, configToken } from '@fwk/config';
import { consulDocumentSource, consulTreeSource } from '@fwk/config/consul';
import type { Component, StandardSchema } from '@fwk/core';
import { type SettingsPlace, settingsVariable } from '../stage/messages.js';
import { tell } from './tell.js';

interface Settings {
  readonly generation: number;
  readonly work: { readonly ms: number };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const settings: StandardSchema<unknown, Settings> = {
  '~standard': {
    version: 1,
    vendor: 'drills',
    validate(value) {
      const { generation, work } = isObject(value) ? value : {};
      const ms = isObject(work) ? work.ms : undefined;
      const issues = [
        ...(typeof generation === 'number' ? [] : [{ message: 'a number is needed', path: ['generation'] }]),
        ...(typeof ms === 'number' && ms >= 1 && ms <= 100
          ? []
          : [{ message: 'a number from 1 to 100 is needed', path: ['work', 'ms'] }]),
      ];
      return issues.length > 0 ? { issues } : { value: { generation, work: { ms } } as Settings };
    },
  },
};

/** Components that read the settings, and tell the drill of changes and refusals; none where there are no settings. */
export function settingsOfDrill(): readonly Component[] {
  const given = process.env[settingsVariable];
  if (given === undefined) return [];
  const { url, folder, key } = JSON.parse(given) as SettingsPlace;
  const sources = [consulTreeSource(folder, { url }), consulDocumentSource(key, { url })];
  return [config({ schema: settings, sources, environment: false }), tellsSettings()];
}

function tellsSettings(): Component {
  return {
    name: 'drill settings',
    start(context) {
      const followed = context.get(configToken);
      followed.get('generation').subscribe((generation) => tell({ is: 'settings', generation: Number(generation) }));
      followed.refusal.subscribe((refusal) => {
        if (refusal) tell({ is: 'refused', reason: refusal.reason });
      });
    },
  };
}
