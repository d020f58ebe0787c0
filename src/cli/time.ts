import { UsageError } from '../errors.js';

const NS_PER_SECOND = 1_000_000_000n;

/**
 * Writes times for a person, `2026-11-20 23:54:45.123456789 UTC`, in a time zone: an IANA name (`Europe/Berlin`), `UTC`,
 * or `local` for that of the machine.
 *
 * @throws UsageError there is no such zone
 */
export function timeFormatter(zone: string): (ns: bigint) => string {
  const timeZone = zone === 'local' ? Intl.DateTimeFormat().resolvedOptions().timeZone : zone;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('sv-SE', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'shortOffset',
    });
  } catch (cause) {
    throw new UsageError(`there is no time zone ${zone}`, {
      hint: 'use UTC, local or a name such as Europe/Berlin',
      cause,
    });
  }
  return (ns) => {
    const fraction = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
    const parts = format.formatToParts(Number((ns - fraction) / 1_000_000n));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((p) => p.type === type)?.value ?? '';
    const date = `${part('year')}-${part('month')}-${part('day')}`;
    const offset = part('timeZoneName').replace(/^GMT(?:\+0$)?/, 'UTC');
    const seconds = `${part('hour')}:${part('minute')}:${part('second')}.${fraction.toString().padStart(9, '0')}`;
    return `${date} ${seconds} ${offset}`;
  };
}
