import type { Component } from '@fwk/core';
import type { Told } from '../stage/messages.js';

/** Tells the drill something. */
export function tell(told: Told): void {
  process.send?.(told);
}

/** Ends this process when the drill is gone, so that nothing is left of one that was killed. */
export function endWithDrill(): void {
  process.on('disconnect', () => process.exit(1));
}

/** Says that the application is ready, and where. List it last. */
export function tellsReady(): Component {
  return {
    name: 'drill',
    ready: ({ app, announcements }) =>
      tell({ is: 'ready', instance: app.instanceId, port: announcements[0]?.port ?? 0 }),
  };
}
