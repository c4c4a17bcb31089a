/**
 * Tells PM2 that the application is ready, for its setting `wait_ready`. Only PM2 is told: to another parent the text would be a
 * message that it has not asked for. Never throws.
 */
export function tellSupervisorReady(host: Pick<NodeJS.Process, 'send' | 'connected' | 'env'> = process): void {
  if (host.send === undefined || !host.connected || host.env.pm_id === undefined) return;
  // With a callback, a parent that has just gone is no error of this process.
  host.send('ready', undefined, undefined, () => {});
}
