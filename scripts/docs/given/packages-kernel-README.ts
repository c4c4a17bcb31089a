import type { Layer, Stack } from '@fwk/kernel';

export declare const ready: Stack<string, number>;
export declare function memory<Req, Res>(): Layer<Req, Res>;
export declare const logging: Layer<string, number>;
export declare const ours: Layer<string, number>;
