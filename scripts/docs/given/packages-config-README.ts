import type { Live } from '@fwk/kernel';

export declare function sweepEvery(pause: Live<number>): void;
