import { run } from './command.js';
import { Spread } from './spread.js';

/** What is measured of a command: seconds, and bytes of memory. */
export const MEASURED = ['wall', 'cpu', 'user', 'system', 'memory'] as const;

/** What runs of one command took. */
export type Measurement = Readonly<Record<(typeof MEASURED)[number], Spread>>;

/** How a command is run. */
export interface HowRun {
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds by the program's own clock, out of what it writes to standard error. */
  readonly clock?: (errors: string) => number;
}

/** One without any run yet. */
export function measurement(): Measurement {
  return {
    wall: new Spread(),
    cpu: new Spread(),
    user: new Spread(),
    system: new Spread(),
    memory: new Spread(),
  };
}

/** Run a command once more. @throws when it fails */
export function measure(into: Measurement, args: readonly string[], { env = {}, clock }: HowRun = {}): void {
  const cost = run(args, env);
  if (cost.exitCode !== 0) throw new Error(`${args.join(' ')} failed`);
  into.wall.add(clock?.(cost.errors) ?? cost.wall);
  into.user.add(cost.user);
  into.system.add(cost.system);
  into.cpu.add(cost.user + cost.system);
  into.memory.add(cost.memory);
}
