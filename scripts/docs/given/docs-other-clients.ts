import type { Memberships } from '@fwk/discovery';

export declare const memberships: Memberships;
export declare const body: string;
