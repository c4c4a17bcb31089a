export declare const queue: { readonly length: number; remove(id: string): boolean };
