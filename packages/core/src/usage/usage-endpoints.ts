import type { ManagementEndpoint } from '@fwk/kernel';
import { ManagementRefusedError } from '../management/problem.js';
import type { Usage } from './usage.js';

/** `GET /manage/usage` reads, `POST /manage/usage/acknowledged` says what has been kept. */
export function usageEndpoints(usage: Usage): readonly ManagementEndpoint[] {
  return [
    {
      path: 'usage',
      purpose: 'Calls, time and bytes by caller and operation, in closed periods, for a job that bills.',
      example: { query: 'after=0' },
      handle({ query }) {
        const { after = '0', boot } = query;
        if (!/^\d{1,15}$/.test(after)) {
          throw new ManagementRefusedError(400, '"after" must be the sequence of the last period that you have, or 0');
        }
        // Of a start before this one nothing is here, and its numbers say nothing of ours.
        return usage.read(boot === undefined || boot === usage.owner.boot ? Number(after) : 0);
      },
    },
    {
      path: 'usage/acknowledged',
      method: 'POST',
      purpose: 'Says up to which period usage has been kept elsewhere, so that it may go here.',
      example: { body: { boot: '5f0c2a719d3e4b68', through: 12, actor: 'billing' } },
      handle({ body }) {
        const { boot, through } = isRecord(body) ? body : {};
        if (typeof boot !== 'string' || typeof through !== 'number' || !Number.isInteger(through) || through < 0) {
          throw new ManagementRefusedError(400, 'the body must be {"boot": as it was read, "through": a sequence}');
        }
        if (boot !== usage.owner.boot) {
          throw new ManagementRefusedError(409, 'the instance has been started anew; read from 0 with its new "boot"', {
            boot: usage.owner.boot,
          });
        }
        if (through > usage.last) {
          throw new ManagementRefusedError(
            400,
            `the last closed period is ${usage.last}, so ${through} was never read`,
          );
        }
        return { boot, acknowledged: usage.acknowledge(through) };
      },
    },
  ];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
