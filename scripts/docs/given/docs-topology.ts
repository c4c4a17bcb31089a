export declare const token: string;
