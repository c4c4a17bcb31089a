import type { Announcement, AppInfo, Clock, ManagementEndpoint } from '@fwk/kernel';

/** What `/manage/info` reads. */
export interface InfoSources {
  readonly app: AppInfo;
  readonly clock: Clock;
  /** State of the application, such as `ready`. */
  readonly state: () => string;
  /** Names of the components, in their order. */
  readonly components: readonly string[];
  /** How long starting took, by step and provider. */
  readonly startReport: () => object;
  /** The commit that it was built from, where that is known. */
  readonly commit: () => Promise<string | undefined>;
  /** What its servers have announced so far. */
  readonly announcements: readonly Announcement[];
}

/** `GET /manage/info`: who this is, what it serves and since when. */
export function infoEndpoint(sources: InfoSources): ManagementEndpoint {
  const { app, clock, state, components, announcements } = sources;
  const startedAtMs = clock.wallTime();
  let commit: Promise<string | undefined> | undefined;
  return {
    path: 'info',
    purpose:
      'Who this is: service, version, commit, owner, contracts and wires that are served, components, and how the start went.',
    async handle() {
      commit ??= sources.commit();
      const served = announcements.map(({ address, port, contracts, scheme = 'http', wires = ['http'] }) => {
        const host = address.includes(':') ? `[${address}]` : address;
        return { url: `${scheme}://${host}:${port}`, contracts, wires };
      });
      return {
        ...app,
        commit: (await commit) ?? null,
        state: state(),
        contracts: unique(served.flatMap(({ contracts }) => contracts)),
        wires: unique(served.flatMap(({ wires }) => wires)),
        served,
        components,
        startedAt: new Date(startedAtMs).toISOString(),
        uptimeMs: clock.wallTime() - startedAtMs,
        startUp: sources.startReport(),
        node: process.version,
        pid: process.pid,
      };
    },
  };
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}
