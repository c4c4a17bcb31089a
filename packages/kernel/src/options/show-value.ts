import { isLive } from '../live/live.js';

/** A value in words that follow "not" in a message about an option. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (isLive(value)) return `a live value of ${showHeld(() => value.value)}`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

function showHeld(read: () => unknown): string {
  try {
    return showValue(read());
  } catch {
    return 'what cannot be read';
  }
}
