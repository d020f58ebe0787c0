import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { derivations } from '../../src/explain/derivation.js';
import { type HelloField, helloFields } from '../../src/explain/hello-fields.js';
import { messageBytes } from '../../src/explain/message-bytes.js';
import { isGrease } from '../../src/schema/names.js';
import type { ClientHelloRow } from '../../src/schema/tables.js';
import { coreRows } from '../support/core-rows.js';

const FOLDER = 'fixtures/captures';
const captures = readdirSync(FOLDER).filter((name) => /\.pcap(ng)?$/.test(name));

const values = (field: HelloField | undefined) =>
  (field?.parts ?? []).map((part) => {
    const value = Number.parseInt(part.name, 16);
    return isGrease(value) ? 0x0a0a : value;
  });

/** The lists of the row, as the fields of the message tell them. */
function listsIn(fields: readonly HelloField[]) {
  const of = (name: string) => fields.find((field) => field.name === name);
  const extension = (type: string) => values(of('extensions')?.parts.find((part) => part.name === type));
  return {
    cipher_suites: values(of('cipher_suites')),
    compression_methods: values(of('compression_methods')),
    extensions: values(of('extensions')),
    supported_groups: extension('000a'),
    signature_algorithms: extension('000d'),
    supported_versions: extension('002b'),
    key_share_groups: extension('0033'),
  };
}

async function complete(name: string): Promise<ClientHelloRow[]> {
  const { clientHellos } = await coreRows(join(FOLDER, name));
  return clientHellos.filter((row) => row.complete);
}

describe('the bytes of every ClientHello of the fixtures', () => {
  test.each(captures)('%s', async (name) => {
    for (const row of await complete(name)) {
      const bytes = await messageBytes(join(FOLDER, name), row);
      if (row.protocol === 'quic') {
        expect(bytes).toBeNull();
        continue;
      }
      expect(bytes).toHaveLength(row.hello_bytes);
      const fields = helloFields(bytes!, row.protocol === 'dtls');
      // Two readers of the same bytes: that of the core, and this one.
      const lists = listsIn(fields);
      expect(lists).toEqual(
        Object.fromEntries(Object.keys(lists).map((key) => [key, row[key as keyof ClientHelloRow]])),
      );
      const last = fields.at(-1)!;
      expect(last.offset + last.length).toBe(row.hello_bytes);
    }
  });
});

describe('derivations', () => {
  test.each(captures)('the pieces give the fingerprints: %s', async (name) => {
    for (const row of await complete(name)) {
      const [ja3, ja3n, ja4] = derivations(row);
      expect(ja3!.pieces.at(-1)!.value).toBe(row.ja3);
      expect(ja3n!.pieces.at(-1)!.value).toBe(row.ja3n);
      const values = ja4!.pieces.map((piece) => piece.value);
      expect(`${values.slice(0, -2).join('')}_${values.slice(-2).join('_')}`).toBe(row.ja4);
    }
  });

  test('NPF: version, ciphers and each extension', () => {
    const row = {
      ...({ ja3: null, ja3_text: null, ja4: null, ja4_r: null } as unknown as ClientHelloRow),
      npf: 'quic/(00000001)(0303)(13011302)[(0000)(000a00060004001d0017)((0039)[(01)(04)])]',
    };
    expect(derivations(row)[0]!.pieces.map((piece) => [piece.name, piece.value])).toEqual([
      ['format', 'quic/'],
      ['QUIC version', '00000001'],
      ['version', '0303'],
      ['ciphers', '1301 1302'],
      ['0000', ''],
      ['000a', '00060004001d0017'],
      ['0039', '[(01)(04)]'],
    ]);
  });
});
