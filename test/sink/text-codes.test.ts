import { expect, test } from 'vitest';
import { columnOf } from '../../src/core/build.js';
import { TextCodes } from '../../src/sink/text-codes.js';

const spec = { name: 'protocol', type: 'utf8', nullable: false, origin: 'fact', meaning: '' } as const;

test('texts become their places in the list', () => {
  const codes = new TextCodes(['tls', 'dtls', 'quic']);
  const column = codes.encode(columnOf(spec, ['quic', 'tls', 'tls', 'dtls']));
  expect([column.spec.type, column.rows, Array.from(column.data)]).toEqual(['u8', 4, [2, 0, 0, 1]]);
});

test('other texts, and lists that cannot be told apart, are refused', () => {
  expect(() => new TextCodes(['tls']).encode(columnOf(spec, ['tls', 'ssh']))).toThrow('protocol');
  expect(() => new TextCodes(['tls', 'tcp'])).toThrow(RangeError);
});
