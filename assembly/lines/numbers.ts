/** Numbers and times as text. Each writer takes the place to write at and returns the place behind. */

/** "00" to "99", two characters each. */
const PAIRS: usize = memory.data(200, 16);
const SCRATCH: usize = memory.data(32, 16);

/** Build the table. Once. */
export function numbersInit(): void {
  for (let i: u32 = 0; i < 100; i++) store<u16>(PAIRS + (i << 1), (0x30 + i / 10) | ((0x30 + (i % 10)) << 8));
}

@inline function pair(to: usize, v: u32): void {
  store<u16>(to, load<u16>(PAIRS + (v << 1)));
}

/** A number in decimal. */
export function writeU32(to: usize, v: u32): usize {
  if (v < 10) {
    store<u8>(to, 0x30 + v);
    return to + 1;
  }
  let at = SCRATCH + 16;
  while (v >= 100) {
    at -= 2;
    pair(at, v % 100);
    v /= 100;
  }
  if (v >= 10) {
    at -= 2;
    pair(at, v);
  } else store<u8>(--at, 0x30 + v);
  store<u64>(to, load<u64>(at));
  store<u64>(to, load<u64>(at, 8), 8);
  return to + (SCRATCH + 16 - at);
}

/** Nine digits of a number below 10^9. */
export function writeNine(to: usize, v: u32): usize {
  const high = v / 100000;
  const low = v % 100000;
  pair(to, high / 100);
  pair(to + 2, high % 100);
  pair(to + 4, low / 1000);
  pair(to + 6, (low / 10) % 100);
  store<u8>(to, 0x30 + (low % 10), 8);
  return to + 9;
}

const BILLION: u64 = 1_000_000_000;

/** A number in decimal. */
export function writeU64(to: usize, v: u64): usize {
  if (v <= 0xffffffff) return writeU32(to, <u32>v);
  const upper = v / BILLION;
  to = upper > 0xffffffff ? writeNine(writeU32(to, <u32>(upper / BILLION)), <u32>(upper % BILLION)) : writeU32(to, <u32>upper);
  return writeNine(to, <u32>(v % BILLION));
}

/** `YYYY-MM-DDThh:mm:ss.` of the second written last, and that second. */
const SECOND_TEXT: usize = memory.data(32, 16);
let second: i64 = i64.MIN_VALUE;

/** Year, month and day of a day since 1970-01-01 in the Gregorian calendar (days from March, years of 400 at a time). */
function writeDate(to: usize, day: i64): void {
  const shifted = day + 719468;
  const era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const ofEra = <u32>(shifted - era * 146097);
  const yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146096) / 365;
  const ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const fromMarch = (5 * ofYear + 2) / 153;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = <u32>(<i64>yearOfEra + era * 400) + u32(month <= 2);
  pair(to, year / 100);
  pair(to + 2, year % 100);
  store<u8>(to, 0x2d, 4);
  pair(to + 5, month);
  store<u8>(to, 0x2d, 7);
  pair(to + 8, ofYear - (153 * fromMarch + 2) / 5 + 1);
}

/** A time (ns since 1970, UTC) as RFC 3339 writes it, with nine digits: 30 characters. */
export function writeTime(to: usize, ns: i64): usize {
  let seconds = ns / <i64>BILLION;
  let rest = ns - seconds * <i64>BILLION;
  if (rest < 0) {
    rest += BILLION;
    seconds--;
  }
  // Rows that follow each other share it as a rule.
  if (seconds != second) {
    second = seconds;
    const day = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
    const ofDay = <u32>(seconds - day * 86400);
    writeDate(SECOND_TEXT, day);
    store<u8>(SECOND_TEXT, 0x54, 10);
    pair(SECOND_TEXT + 11, ofDay / 3600);
    store<u8>(SECOND_TEXT, 0x3a, 13);
    pair(SECOND_TEXT + 14, (ofDay / 60) % 60);
    store<u8>(SECOND_TEXT, 0x3a, 16);
    pair(SECOND_TEXT + 17, ofDay % 60);
    store<u8>(SECOND_TEXT, 0x2e, 19);
  }
  store<u64>(to, load<u64>(SECOND_TEXT));
  store<u64>(to, load<u64>(SECOND_TEXT, 8), 8);
  store<u32>(to, load<u32>(SECOND_TEXT, 16), 16);
  to = writeNine(to + 20, <u32>rest);
  store<u8>(to, 0x5a);
  return to + 1;
}
