import { fileURLToPath } from 'node:url';
import { run } from './command.js';
import { Spread, table } from './spread.js';

const PROGRAM = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const TINY = fileURLToPath(new URL('../../../fixtures/captures/', import.meta.url));

/** How long the program takes to start, beside Node alone. */
export function benchStart(runs: number): string {
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ['node -e 0', ['-e', '0']],
    ['tlsfp --version', [PROGRAM, '--version']],
    ['tlsfp analyze, the fixtures, CSV', [PROGRAM, 'analyze', TINY, '--jobs', '1', '--format', 'csv']],
    ['tlsfp analyze, the fixtures, summary', [PROGRAM, 'analyze', TINY, '--jobs', '1']],
    ['tlsfp analyze, the fixtures, SQL', [PROGRAM, 'analyze', TINY, '--jobs', '1', '--sql', 'SELECT 1']],
  ];
  const rows = commands.map(([name, args]) => {
    const wall = new Spread();
    const cpu = new Spread();
    let memory = 0;
    for (let i = 0; i <= runs; i++) {
      const cost = run([process.execPath, ...args]);
      if (i === 0) continue;
      wall.add(cost.wall);
      cpu.add(cost.user + cost.system);
      memory = Math.max(memory, cost.memory);
    }
    return [name, wall.text(3), cpu.text(3), (memory / 1e6).toFixed(0)];
  });
  return `### Start\n\n${runs} runs each.\n\n${table(['', 'wall s', 'CPU s', 'RSS MB'], rows)}`;
}
