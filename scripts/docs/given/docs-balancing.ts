import type { Endpoint } from '@fwk/discovery';
import type { Live } from '@fwk/kernel';

export declare const endpoints: Live<readonly Endpoint[]>;
export declare function userOf(request: unknown): string;
