import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { HealthReport } from '@fwk/kernel';
import type { BuiltInIndicator } from '../check-plan.js';
import type { MemorySettings } from '../health-settings.js';

/** What memory is in use, and how much there may be, in bytes. */
export interface MemoryReading {
  readonly heapUsed: number;
  /** Where V8 gives up; 0 where it is unknown. */
  readonly heapLimit: number;
  /** Resident memory of the process. */
  readonly resident: number;
  /** What the container (cgroup) allows; 0 for no limit. */
  readonly containerLimit: number;
}

/** Reads the memory of this process. */
export function readMemory(): MemoryReading {
  const { used_heap_size: heapUsed, heap_size_limit: heapLimit } = getHeapStatistics();
  // Without a limit, some kernels name one that no machine has.
  const constrained = process.constrainedMemory?.() ?? 0;
  const containerLimit = constrained > 0 && constrained < totalmem() ? constrained : 0;
  return { heapUsed, heapLimit: heapLimit || 0, resident: process.memoryUsage.rss(), containerLimit };
}

/** The heap against its limit, and the process against that of its container: at either one it is killed. */
export function memoryIndicator(
  limits: () => MemorySettings,
  read: () => MemoryReading = readMemory,
): BuiltInIndicator {
  return {
    name: 'memory',
    groups: [],
    check(): HealthReport {
      const reading = read();
      const { heapUsed, heapLimit, resident, containerLimit } = reading;
      const details = {
        heapUsedBytes: heapUsed,
        ...(heapLimit > 0 && { heapLimitBytes: heapLimit }),
        residentBytes: resident,
        ...(containerLimit > 0 && { containerLimitBytes: containerLimit }),
      };
      const { ratio } = limits();
      const reason =
        reasonOf('the heap', heapUsed, heapLimit, ratio) ??
        reasonOf('the process', resident, containerLimit, ratio, ' of its container');
      return reason === undefined ? { status: 'UP', details } : { status: 'DEGRADED', details: { ...details, reason } };
    },
  };
}

function reasonOf(what: string, used: number, limit: number, ratio: number, of = ''): string | undefined {
  if (limit <= 0 || used <= limit * ratio) return undefined;
  const share = Math.round((used / limit) * 100);
  return `${what} takes ${share} % of the limit${of}, above ${Math.round(ratio * 100)} %; at 100 % the process is ended`;
}
