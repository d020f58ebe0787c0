import { describe, expect, it } from 'vitest';
import * as forge from '../../src/dev/forge/index.js';
import {
  CHANGE_CIPHER_SPEC,
  clientHello,
  connection,
  ENCRYPTED,
  records,
  retryRequest,
  rowsOf,
  serverHello13,
} from '../flow/conversation.js';
import { CORE_BUILDS } from '../support/wasm.js';

const NAMES = ['one.example', 'two.example', 'three.example', 'four.example'];
const IN_A_ROW = forge.concat(...NAMES.map((name) => clientHello(name)));

/** The packets of one side alone: the other way went past the capture. */
function oneSided(stream: forge.TcpStream, port: number): forge.ForgedPacket[] {
  return stream.packets.filter(({ data }) => data[20]! * 256 + data[21]! === port);
}

describe.each(CORE_BUILDS)('several ClientHellos on a connection (%s)', (build) => {
  const names = async (packets: readonly forge.ForgedPacket[]) => {
    const { clientHellos } = await rowsOf(packets, { build });
    return clientHellos.map(({ sni, attempt, complete }) => [sni, attempt, complete]);
  };

  // RFC 8446 §5.1: messages may share a record, and a message may be spread over several.
  it.each([4096, 700, 100, 33, 7, 4])('are all found in records of %i bytes', async (size) => {
    const stream = connection().open().send('client', records(IN_A_ROW, size)).close();
    expect(await names(stream.packets)).toEqual(NAMES.map((name) => [name, 1, true]));
  });

  it.each([1, 5, 11, 64, 333])('are all found in segments of %i bytes', async (segmentSize) => {
    const stream = connection().open().send('client', records(IN_A_ROW, 90), { segmentSize }).close();
    expect(await names(stream.packets)).toEqual(NAMES.map((name) => [name, 1, true]));
  });

  it.each([3, 5, 8, 20])('are found without a SYN when the first record has %i bytes', async (size) => {
    const first = records(IN_A_ROW.subarray(0, size));
    const rest = records(IN_A_ROW.subarray(size));
    const stream = connection().send('client', forge.concat(first, rest)).close();
    expect(await names(stream.packets)).toEqual(NAMES.map((name) => [name, 1, true]));
  });

  it('is found without a SYN when the first segment is shorter than a record header', async () => {
    const stream = connection().send('client', records(clientHello('one.example')), { segmentSize: 4 });
    expect(await names(stream.close().packets)).toEqual([['one.example', 1, true]]);
  });

  // RFC 8446 §D.4: the client sends change_cipher_spec immediately before its second hello.
  it('the second is known as such though the HelloRetryRequest was not captured', async () => {
    const stream = connection()
      .open()
      .send('client', records(clientHello('one.example')))
      .send('server', records(retryRequest()))
      .send('client', forge.concat(CHANGE_CIPHER_SPEC, records(clientHello('one.example'))))
      .send('server', records(serverHello13()))
      .send('client', ENCRYPTED)
      .close();
    const expected = [
      ['one.example', 1, true],
      ['one.example', 2, true],
    ];
    expect(await names(stream.packets)).toEqual(expected);
    expect(await names(oneSided(stream, 40_000))).toEqual(expected);
  });

  it('counts a hello once that is sent again', async () => {
    const hello = records(clientHello('one.example'));
    const stream = connection().open().send('client', hello);
    stream.packet('client', 0, forge.TCP_FLAG.psh | forge.TCP_FLAG.ack, hello);
    expect(await names(stream.close().packets)).toEqual([['one.example', 1, true]]);
  });
});

describe.each(CORE_BUILDS)('two machines that answer one SYN (%s)', (build) => {
  it('give the ServerHello of the one whose numbers the client goes on with', async () => {
    const stream = connection({ serverSequence: 1_000_000 }).open();
    const second = connection({ serverSequence: 3_000_000_000 }).open();
    const answered = second.packets[1]!;
    stream.packets.splice(1, 0, answered);
    const late = connection({ serverSequence: 3_000_000_000, start: 1_700_000_001_000_000_000n })
      .send('client', records(clientHello('one.example')))
      .send('server', records(serverHello13()));
    const { clientHellos, serverHellos } = await rowsOf([...stream.packets, ...late.packets], { build });
    expect(clientHellos.map(({ sni }) => sni)).toEqual(['one.example']);
    expect(serverHellos.map(({ cipher_suite, complete }) => [cipher_suite, complete])).toEqual([
      [0x1301, true],
    ]);
  });
});
