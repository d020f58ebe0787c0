import { type Cipher, createCipheriv } from 'node:crypto';
import { addressBytes, addressText } from '../address.js';

/** Bytes of a key: an AES-128 key, and what the pad is made of. */
export const KEY_BYTES = 32;
const BLOCK = 16;

/**
 * Crypto-PAn (J. Xu, J. Fan, M. Ammar, S. Moon, ICNP 2002): a one-to-one mapping of addresses under which two addresses
 * share exactly as many leading bits as before. IPv6 by the same rule over 128 bits.
 */
export class CryptoPan {
  readonly #cipher: Cipher;
  readonly #pad: Uint8Array;

  /** @param key 32 bytes, as in the reference implementation */
  constructor(key: Uint8Array) {
    if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes, not ${key.length}`);
    // The block cipher alone: every block is one function value of the scheme, not a message.
    this.#cipher = createCipheriv('aes-128-ecb', key.subarray(0, BLOCK), null);
    this.#cipher.setAutoPadding(false);
    this.#pad = this.#cipher.update(key.subarray(BLOCK));
  }

  /** The address, as text, that stands for this one. */
  map(address: string): string {
    return addressText(this.mapBytes(addressBytes(address)));
  }

  /** The same for 4 or 16 bytes in network order. */
  mapBytes(address: Uint8Array): Uint8Array {
    const bits = address.length * 8;
    const blocks = new Uint8Array(bits * BLOCK);
    // Block i: the first i bits of the address, then those of the pad.
    for (let i = 0; i < bits; i++) {
      const at = i * BLOCK;
      blocks.set(this.#pad, at);
      blocks.set(address.subarray(0, i >> 3), at);
      const mask = (0xff00 >> (i & 7)) & 0xff;
      const byte = at + (i >> 3);
      blocks[byte] = (address[i >> 3]! & mask) | (blocks[byte]! & ~mask);
    }
    const encrypted = this.#cipher.update(blocks);
    const mapped = address.slice();
    for (let i = 0; i < bits; i++) {
      if (encrypted[i * BLOCK]! & 0x80) mapped[i >> 3]! ^= 0x80 >> (i & 7);
    }
    return mapped;
  }
}
