import type { Instance, Registry } from '@fwk/discovery';
import type { InstanceWriter } from '@fwk/discovery/backend';
import type { Env } from '@fwk/kernel';

interface Rows {
  rows(instances: readonly Instance[]): void;
}
/** A table that can be followed, in some database. */
export declare class Table {
  follow(told: Rows & { failed(error: unknown): void }): { stop(): void };
  publish(addresses: Readonly<Record<string, readonly string[]>>): void;
  fail(): void;
}
export declare function tableRegistry(table: Table, env: Env): Registry;

/** A store with sessions, whose entries end with theirs. */
export declare class Ledger {
  join(
    told: Rows & { opened(writer: InstanceWriter): void; lost(error: unknown): void; denied(error: unknown): void },
  ): { renew(ids: readonly string[]): readonly string[]; readonly ids: readonly string[]; end(): void };
  kill(): void;
  restart(): void;
}
export declare function ledgerRegistry(ledger: Ledger, env: Env): Registry;
