export declare function loadPrices(): Promise<unknown>;
export declare const queue: (() => unknown)[];
