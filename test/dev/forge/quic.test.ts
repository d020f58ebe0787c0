import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/dev/forge/bytes.js';
import { QUIC_VERSION, quicInitial, quicInitialKeys, quicRetry } from '../../../src/dev/forge/quic.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const connectionId = fromHex('8394c8f03e515708');
const serverId = fromHex('f067a5502a4262b5');
const none = new Uint8Array(0);

describe('Initial keys', () => {
  it('are those of RFC 9001 appendix A.1', () => {
    const client = quicInitialKeys(QUIC_VERSION.v1, connectionId, 'client');
    expect(hex(client.key)).toBe('1f369613dd76d5467730efcbe3b1a22d');
    expect(hex(client.iv)).toBe('fa044b2f42a3fd3b46fb255c');
    expect(hex(client.headerProtection)).toBe('9f50449e04a0e810283a1e9933adedd2');
    const server = quicInitialKeys(QUIC_VERSION.v1, connectionId, 'server');
    expect(hex(server.key)).toBe('cf3a5331653c364c88f0f379b6067e37');
    expect(hex(server.iv)).toBe('0ac1493ca1905853b0bba03e');
    expect(hex(server.headerProtection)).toBe('c206b8d9b9f0f37644430b490eeaa314');
  });

  it('are those of RFC 9369 appendix A.1 for version 2', () => {
    const client = quicInitialKeys(QUIC_VERSION.v2, connectionId, 'client');
    expect(hex(client.key)).toBe('8b1a0bc121284290a29e0971b5cd045d');
    expect(hex(client.iv)).toBe('91f73e2351d8fa91660e909f');
    expect(hex(client.headerProtection)).toBe('45b95e15235d6f45a6b19cbcb0294ba9');
  });
});

describe('packets', () => {
  it('give the server Initial of RFC 9001 appendix A.3', () => {
    const frames = fromHex(
      `02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a12
       00130100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a
       002b00020304`,
    );
    const packet = quicInitial({
      version: QUIC_VERSION.v1,
      keys: quicInitialKeys(QUIC_VERSION.v1, connectionId, 'server'),
      destinationId: none,
      sourceId: serverId,
      packetNumber: 1,
      packetNumberLength: 2,
      frames: [frames],
    });
    expect(hex(packet)).toBe(
      'cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780b' +
        'b38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb' +
        '19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee',
    );
  });

  it('give the Retry of RFC 9001 appendix A.4', () => {
    const ids = { destinationId: none, sourceId: serverId, originalDestinationId: connectionId };
    expect(hex(quicRetry(QUIC_VERSION.v1, ids, Buffer.from('token')))).toBe(
      'ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba',
    );
  });

  it('are padded to the size asked for', () => {
    const packet = quicInitial({
      version: QUIC_VERSION.v2,
      keys: quicInitialKeys(QUIC_VERSION.v2, connectionId, 'client'),
      destinationId: connectionId,
      sourceId: serverId,
      packetNumber: 0,
      frames: [],
      size: 1200,
    });
    expect(packet).toHaveLength(1200);
    // Version 2 writes the type Initial as 01 (RFC 9369 §3.2); the two low bits of the first byte are protected.
    expect(packet[0]! & 0xf0).toBe(0xd0);
  });
});
