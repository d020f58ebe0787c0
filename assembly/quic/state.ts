import { assemblyFree } from '../flow/assembly';
import { FLOW_DIRECTIONS } from '../flow/table';
import { QUIC_KEYS_BYTES, QUIC_SECRET_BYTES } from '../crypto/quic-keys';

/**
 * A QUIC connection, in the part of its flow slot that holds the directions of a TCP connection. Nothing else is kept of
 * it, but for a block of reassembly memory while a hello is not complete: tens of thousands may wait for an answer.
 *
 *     96  keys of the client's Initials, 48 bytes (`crypto/quic-keys`)
 *     144 of the server's, or the secret that they are to be derived from, 64 bytes
 *     208 destination connection id that they come from, 20 bytes and room for wide stores
 *     240 id that the server gave itself, likewise
 *     272 u8 lengths of these two
 *     274 u8 flags, u8 direction of the client (0: a -> b)
 *     276 u8 ClientHellos seen, u8 of them answered by a HelloRetryRequest
 *     280 u32 version of the client's keys, u32 of the server's (0: there is the secret, for the client's version)
 *     288 u32 message in progress of the client, u32 of the server; 0: none
 *     296 u32 offset in the CRYPTO stream where the next message begins, of the client; u32 of the server
 *     304 u64 hash of the random of the last ClientHello, 0: none
 *
 * `side` is 0 for the client and 1 for the server.
 */
export const CLIENT: u32 = 0;
export const SERVER: u32 = 1;

export const CLIENT_KEYS: usize = FLOW_DIRECTIONS;
export const SERVER_KEYS: usize = CLIENT_KEYS + <usize>QUIC_KEYS_BYTES;
export const KEY_ID: usize = SERVER_KEYS + <usize>QUIC_SECRET_BYTES;
export const SERVER_ID: usize = KEY_ID + 32;
export const KEY_ID_LENGTH: usize = SERVER_ID + 32;
export const SERVER_ID_LENGTH: usize = KEY_ID_LENGTH + 1;
export const FLAGS: usize = KEY_ID_LENGTH + 2;
export const CLIENT_DIRECTION: usize = KEY_ID_LENGTH + 3;
export const CLIENT_HELLOS: usize = KEY_ID_LENGTH + 4;
export const RETRIES: usize = KEY_ID_LENGTH + 5;
const VERSIONS: usize = KEY_ID_LENGTH + 8;
const MESSAGES: usize = VERSIONS + 8;
const BASES: usize = MESSAGES + 8;
export const HELLO_HASH: usize = BASES + 8;

/** A Retry was seen whose connection id the client has not used yet. */
export const FLAG_RETRY: u32 = 1;
/** The ServerHello was seen. */
export const FLAG_SERVER_HELLO: u32 = 2;

/** Version of the keys of a side, 0: not derived. */
@inline export function versionOf(flow: usize, side: u32): u32 {
  return load<u32>(flow + VERSIONS + (side << 2));
}
@inline export function setVersion(flow: usize, side: u32, version: u32): void {
  store<u32>(flow + VERSIONS + (side << 2), version);
}

/** Message in progress of a side, 0: none. */
@inline export function messageOf(flow: usize, side: u32): usize {
  return <usize>load<u32>(flow + MESSAGES + (side << 2));
}
@inline export function setMessage(flow: usize, side: u32, m: usize): void {
  store<u32>(flow + MESSAGES + (side << 2), <u32>m);
}

/** Offset in the CRYPTO stream of a side where its next message begins. */
@inline export function baseOf(flow: usize, side: u32): u32 {
  return load<u32>(flow + BASES + (side << 2));
}
@inline export function setBase(flow: usize, side: u32, base: u32): void {
  store<u32>(flow + BASES + (side << 2), base);
}

@inline export function hasFlag(flow: usize, flag: u32): bool {
  return (load<u8>(flow, FLAGS) & flag) != 0;
}
@inline export function setFlag(flow: usize, flag: u32): void {
  store<u8>(flow, load<u8>(flow, FLAGS) | flag, FLAGS);
}
@inline export function clearFlag(flow: usize, flag: u32): void {
  store<u8>(flow, load<u8>(flow, FLAGS) & ~flag, FLAGS);
}

/** Direction of the flow in which a side sends. */
@inline export function directionOf(flow: usize, side: u32): u32 {
  return load<u8>(flow, CLIENT_DIRECTION) ^ side;
}

/** Give the memory of a message in progress back. */
export function releaseMessage(flow: usize, side: u32): void {
  const m = messageOf(flow, side);
  if (m) assemblyFree(m);
  setMessage(flow, side, 0);
}
