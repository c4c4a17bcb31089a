import { describe, expect, test } from 'vitest';
import { parseDemoArguments } from './arguments.js';

describe('the demo’s arguments', () => {
  test('without any, the shop stays open on port 8080', () => {
    expect(parseDemoArguments([])).toEqual({ seconds: undefined, json: false, inProcess: false, port: 8080 });
  });

  test('are taken as given', () => {
    expect(parseDemoArguments(['--seconds', '40', '--json', '--in-process', '--port', '0'])).toEqual({
      seconds: 40,
      json: true,
      inProcess: true,
      port: 0,
    });
  });

  test.each([
    [['--seconds', 'soon'], '--seconds must be a whole number from 20 to 3600, not "soon"'],
    [['--seconds', '3'], '--seconds must be a whole number from 20 to 3600, not "3"'],
    [['--port', '99999'], '--port must be a whole number from 0 to 65535, not "99999"'],
    [['--port', ''], '--port must be a whole number from 0 to 65535, not ""'],
  ])('%j is refused with the range', (args, message) => {
    expect(() => parseDemoArguments(args)).toThrow(message);
  });

  test('an unknown one is refused by name', () => {
    expect(() => parseDemoArguments(['--sconds', '4'])).toThrow(/--sconds/);
  });
});
