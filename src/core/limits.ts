import { LimitError } from '../errors.js';
import { LIMITS, type LimitName } from '../schema/limits.js';
import type { CoreExports } from './load.js';

/** Bounds other than the defaults; see `docs/anomalies.md`. */
export type Limits = { readonly [K in LimitName]?: number | undefined };

/**
 * Tell an instance its limits, before it reserves memory.
 *
 * @throws LimitError for one out of its range
 */
export function putLimits(core: CoreExports, limits: Limits = {}): void {
  const values = new DataView(core.memory.buffer, core.limitsPtr(), LIMITS.length * 4);
  LIMITS.forEach((limit, i) => {
    const value = limits[limit.name] ?? limit.default;
    if (!Number.isInteger(value) || value < limit.min || value > limit.max) {
      throw new LimitError(`limit ${limit.name} cannot be ${value}`, {
        hint: `use a whole number from ${limit.min} to ${limit.max} (${limit.unit})`,
      });
    }
    values.setUint32(i * 4, value, true);
  });
}
