/** Answers of any size: an object with one text in it. */
import * as fwk from '../fwk.mjs';

const { contract, get } = await fwk.http();

const text = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: (value) =>
      typeof value?.text === 'string' ? { value } : { issues: [{ message: 'must be a string', path: ['text'] }] },
  },
};
const size = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: ({ bytes }) =>
      /^\d{1,8}$/.test(bytes)
        ? { value: { bytes: Number(bytes) } }
        : { issues: [{ message: 'must be a number', path: ['bytes'] }] },
  },
};

export const texts = contract('texts', {
  version: '1.0.0',
  operations: { text: get('/texts/:bytes', { params: size, response: text }) },
});
