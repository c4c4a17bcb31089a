import type { HealthReport } from '@fwk/kernel';
import type { BuiltInIndicator } from '../check-plan.js';
import type { DiskSettings } from '../health-settings.js';

/** The part of `statfs` that is looked at. */
export interface DiskReading {
  readonly bsize: number;
  readonly blocks: number;
  /** Free blocks that this user may use. */
  readonly bavail: number;
}

/** Free space on one disk. */
export function diskIndicator(
  limits: () => DiskSettings,
  read: (path: string) => Promise<DiskReading> = readDisk,
): BuiltInIndicator {
  return {
    name: 'disk',
    groups: [],
    async check(): Promise<HealthReport> {
      const { path, freeBytes: wanted } = limits();
      const { bsize, blocks, bavail } = await read(path);
      const freeBytes = bavail * bsize;
      const details = { path, freeBytes, totalBytes: blocks * bsize };
      if (freeBytes >= wanted) return { status: 'UP', details };
      const reason = `${freeBytes} bytes are free on the disk of "${path}", less than ${wanted}`;
      return { status: 'DEGRADED', details: { ...details, reason } };
    },
  };
}

async function readDisk(path: string): Promise<DiskReading> {
  const { statfs } = await import('node:fs/promises');
  return statfs(path);
}
