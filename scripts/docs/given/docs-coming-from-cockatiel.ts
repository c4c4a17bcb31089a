export declare function fetchQuote(sku: string): Promise<{ readonly cents: number }>;
