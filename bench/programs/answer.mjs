/** What every service of the comparison answers. */
export const answer = (sku) => ({ sku, left: 41, warehouse: 'north' });
