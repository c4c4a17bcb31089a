/**
 * Profiles of the running process. They take the token always: a snapshot holds all that is in memory, secrets included, and
 * both cost the calls that are served meanwhile. So one is taken at a time, bounded, and ended when its client leaves.
 */
import { Readable } from 'node:stream';
import { type AppInfo, type Clock, currentContext, type ManagementEndpoint } from '@fwk/kernel';
import { ManagementRefusedError } from './problem.js';
import type { Profiler } from './profiler.js';
import { ManagementDownload } from './reply.js';

/** Length of a CPU profile in seconds. */
export const profileSeconds = Object.freeze({ usual: 10, min: 0.1, max: 60 });
/** A snapshot of a large heap takes long before its first byte. */
const heapLimitMs = 120_000;
/** What is left, after the longest profile, to write it. */
const writeMs = 10_000;
const mebibyte = 2 ** 20;

/** `GET /manage/heap-snapshot` and `GET /manage/cpu-profile?seconds=10`. */
export function profileEndpoints(app: AppInfo, clock: Clock, profiler: Profiler): readonly ManagementEndpoint[] {
  let underWay: { readonly what: string; readonly sinceMs: number } | undefined;
  const fileName = (extension: string) =>
    `${app.name}-${app.instanceId}-${new Date(clock.wallTime()).toISOString().replace(/[:.]/g, '-')}.${extension}`;

  /** A file that is made while no other is; its place is free again when its stream has closed. */
  const alone = (what: string, extension: string, begin: () => Promise<Readable>) =>
    new ManagementDownload('application/json', fileName(extension), async () => {
      if (underWay) {
        const seconds = Math.round((clock.now() - underWay.sinceMs) / 1000);
        throw new ManagementRefusedError(
          409,
          `${underWay.what} is being taken, for ${seconds} s so far; one is taken at a time, so ask again when it is done`,
        );
      }
      const own = { what, sinceMs: clock.now() };
      underWay = own;
      try {
        const file = await begin();
        return file.once('close', () => {
          underWay = undefined;
        });
      } catch (error) {
        underWay = undefined;
        throw error;
      }
    });

  return [
    {
      path: 'heap-snapshot',
      purpose:
        'Downloads all that is in memory, for the developer tools of Chrome. The process stands still for about a second for each 100 MB of heap, and needs that memory again.',
      guarded: true,
      limitMs: heapLimitMs,
      handle({ query }) {
        return alone('a heap snapshot', 'heapsnapshot', () => {
          if (query.force !== 'true') refuseIfTooLarge(profiler);
          return profiler.heapSnapshot();
        });
      },
    },
    {
      path: 'cpu-profile',
      purpose:
        'Watches for some `seconds` (0.1 to 60, usually 10) what the process computes, and downloads that for the developer tools of Chrome.',
      example: { query: 'seconds=5' },
      guarded: true,
      limitMs: profileSeconds.max * 1000 + writeMs,
      handle({ query }) {
        const forMs = secondsOf(query.seconds) * 1000;
        return alone('a CPU profile', 'cpuprofile', async () =>
          Readable.from([Buffer.from(await profiler.cpuProfile(forMs, currentContext()))]),
        );
      },
    },
  ];
}

/** A snapshot that does not fit would end the process. @throws ManagementRefusedError 507 */
function refuseIfTooLarge(profiler: Profiler): void {
  const { heapBytes, processBytes, limitBytes } = profiler.memory();
  if (limitBytes === undefined || processBytes + heapBytes <= limitBytes) return;
  const [heap, used, limit] = [heapBytes, processBytes, limitBytes].map((bytes) => Math.round(bytes / mebibyte));
  throw new ManagementRefusedError(
    507,
    `a snapshot of a heap of ${heap} MiB needs as much memory again, the process has ${used} MiB already, and its limit is ${limit} MiB: it might be killed; add ?force=true to take it all the same`,
  );
}

function secondsOf(text: string | undefined): number {
  if (text === undefined) return profileSeconds.usual;
  const seconds = /^\d{1,2}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  const { min, max } = profileSeconds;
  if (seconds >= min && seconds <= max) return seconds;
  throw new ManagementRefusedError(400, `seconds is a number from ${min} to ${max}`);
}
