import { assemblyHave } from './assembly';
import {
  DIR_ASSEMBLY,
  DIR_BASE,
  DIR_MESSAGE,
  DIR_PADDING,
  DIR_PARKED,
  DIR_READY,
  DIR_RECORD_LEFT,
  DIR_STATE,
} from './direction';

/**
 * Acknowledgements whose Ethernet padding passes for payload: some senders put the zeros that fill a short frame up into the
 * length of the IP packet. What is really said comes with the same sequence numbers afterwards, so between messages a few
 * zeros are not taken at once: what comes next tells whether they were said.
 */

/** The shortest frame of Ethernet without its checksum, 60 bytes, less the headers of Ethernet, IPv4 and TCP. */
const MAX_PADDING: u32 = 6;
/** FIN, SYN, RST, PSH: none of them is in a bare acknowledgement. */
const NOT_BARE: u32 = 15;

/** Zeros that were said after all. */
export const ZEROS: usize = memory.data(8, 8);

/** Whether the segment, of which `captured` of `length` bytes are at `payload`, may be padding only; then it is noted. */
export function notePadding(dir: usize, seq: u32, flags: u32, payload: usize, captured: u32, length: u32): bool {
  if (length > MAX_PADDING || captured < length || (flags & NOT_BARE) != 0 || seq != load<u32>(dir, DIR_BASE)) return false;
  for (let i: u32 = 0; i < length; i++) if (load<u8>(payload + i) != 0) return false;
  const state: u32 = load<u8>(dir, DIR_STATE);
  // Behind a hello only what another one brings is of interest.
  if (state == DIR_PARKED) return true;
  const between = !load<u32>(dir, DIR_ASSEMBLY) && !load<u32>(dir, DIR_MESSAGE) && !load<u32>(dir, DIR_RECORD_LEFT);
  if (state != DIR_READY || !between) return false;
  store<u8>(dir, length, DIR_PADDING);
  return true;
}

/** How many of the zeros noted were said, given the place of the next segment; the note is gone unless that leaves it open. */
export function saidZeros(dir: usize, seq: u32): u32 {
  const noted: u32 = load<u8>(dir, DIR_PADDING);
  const assembly = <usize>load<u32>(dir, DIR_ASSEMBLY);
  const ahead = <i32>(seq - load<u32>(dir, DIR_BASE));
  if (ahead > <i32>noted) return 0;
  store<u8>(dir, 0, DIR_PADDING);
  return ahead > 0 && (!assembly || assemblyHave(assembly) == 0) ? <u32>ahead : 0;
}
