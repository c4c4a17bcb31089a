import { contextKey } from '@fwk/kernel';

export const userKey = contextKey<string>('user', 'nobody');
