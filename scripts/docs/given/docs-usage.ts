export declare const queue: { send(topic: string, value: unknown): Promise<void> };
