import { createHash, createHmac, scryptSync } from 'node:crypto';
import { addressBytes } from '../address.js';
import { CryptoPan, KEY_BYTES } from './crypto-pan.js';

/** Fixed, so that the same words give the same pseudonyms everywhere; guessing words is made dear instead. */
const SALT = 'tlsfp anonymize 1';
/** About a tenth of a second and 64 MiB for each guess. */
const SCRYPT = { N: 1 << 16, r: 8, p: 1, maxmem: 128 << 20 };
/** Pseudonyms that are kept in memory of each kind. */
const MAX_KEPT = 200_000;
const NAME_DIGITS = 32;

/** Remembers what a function gave for the last values. */
function remembering<K, V>(compute: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= MAX_KEPT) known.clear();
    const value = compute(key);
    known.set(key, value);
    return value;
  };
}

/** Ends of a connection, as text and numbers. */
export interface Connection {
  readonly src: string;
  readonly dst: string;
  readonly srcPort: number;
  readonly dstPort: number;
  /** IP protocol number. */
  readonly protocol: number;
}

/** Community ID version 1, seed 0 (corelight/community-id-spec). */
export function communityId({ src, dst, srcPort, dstPort, protocol }: Connection): string {
  const [a, b] = [addressBytes(src), addressBytes(dst)];
  const order = Buffer.compare(a, b);
  const forward = order < 0 || (order === 0 && srcPort < dstPort);
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(forward ? srcPort : dstPort, 0);
  ports.writeUInt16BE(forward ? dstPort : srcPort, 2);
  const hash = createHash('sha1').update(Buffer.of(0, 0));
  hash.update(forward ? a : b).update(forward ? b : a);
  return `1:${hash.update(Buffer.of(protocol, 0)).update(ports).digest('base64')}`;
}

/** Pseudonyms of addresses, names and connections under a key; the same for the same key, everywhere. */
export class Anonymizer {
  /** The address that stands for an address; prefixes are kept (Crypto-PAn). */
  readonly address: (address: string) => string;
  /** What stands for a server name: a keyed hash; upper and lower case are the same name. */
  readonly name: (name: string) => string;
  /** What stands for a flow id, which is a hash of the addresses and would tell them. */
  readonly flow: (id: bigint) => bigint;

  /** @param words any text; the longer, the harder to guess */
  constructor(words: string) {
    const keys = scryptSync(words, SALT, KEY_BYTES + 64, SCRYPT);
    const pan = new CryptoPan(keys.subarray(0, KEY_BYTES));
    const nameKey = keys.subarray(KEY_BYTES, KEY_BYTES + 32);
    const flowKey = keys.subarray(KEY_BYTES + 32);
    this.address = remembering((address) => pan.map(address));
    this.name = remembering((name) => {
      const hash = createHmac('sha256', nameKey).update(name.toLowerCase()).digest('hex');
      return `sni-${hash.slice(0, NAME_DIGITS)}`;
    });
    this.flow = remembering((id) =>
      createHmac('sha256', flowKey).update(id.toString()).digest().readBigUInt64LE(),
    );
  }
}
