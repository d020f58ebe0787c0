import { describe, expect, it } from 'vitest';
import { formatTable, MEASURED_ROWS, TextTable } from '../../src/sink/table.js';

const text = (name: string) => ({ name, numeric: false });
const number = (name: string) => ({ name, numeric: true });

describe('formatTable', () => {
  it('aligns text on the left and numbers on the right, null as nothing', () => {
    const rows = [
      ['curl', '7'],
      [null, '1234'],
    ];
    expect(formatTable([text('client'), number('n')], rows)).toBe(
      ['client     n', '──────  ────', 'curl       7', '        1234', ''].join('\n'),
    );
  });

  it('counts terminal columns, not characters', () => {
    const rows = [
      ['日本', 'x'],
      ['e\u0301', 'y'],
    ];
    expect(formatTable([text('a'), text('b')], rows)).toBe(
      ['a     b', '────  ─', '日本  x', 'e\u0301     y', ''].join('\n'),
    );
  });

  it('makes control characters visible', () => {
    expect(formatTable([text('a')], [['\u001b[31mred\n\u009b']])).toContain('\\x1b[31mred\\x0a\\x9b');
  });

  it('cuts the widest columns to the width of the terminal, and nothing without one', () => {
    const rows = [['short', 'x'.repeat(100), 'y'.repeat(40)]];
    const columns = [text('a'), text('b'), text('c')];
    const lines = formatTable(columns, rows, { width: 60 }).split('\n');
    expect(lines[2]).toBe(`short  ${'x'.repeat(24)}…  ${'y'.repeat(24)}…`);
    expect(formatTable(columns, rows)).toContain('x'.repeat(100));
  });

  it('leaves out columns that do not fit, and names them', () => {
    const columns = Array.from({ length: 10 }, (_, i) => text(`column_number_${i}`));
    const out = formatTable(columns, [columns.map(() => 'v'.repeat(30))], { width: 50 });
    const lines = out.trimEnd().split('\n');
    expect(lines.every((line) => line.length <= 50)).toBe(true);
    expect(lines.at(-1)).toMatch(/^\(6 more columns do not fit: column/);
  });

  it('prints the head of a table without rows', () => {
    expect(formatTable([text('a'), number('b')], [])).toBe('a  b\n─  ─\n');
  });
});

describe('TextTable', () => {
  it('gives rows out once the widths are known', () => {
    const table = new TextTable([text('a')]);
    let out = '';
    for (let i = 1; i < MEASURED_ROWS; i++) out += table.row(['x']);
    expect(out).toBe('');
    expect(table.row(['x']).split('\n')).toHaveLength(MEASURED_ROWS + 3);
    expect(table.row(['longer than before'])).toBe('longer than before\n');
    expect(table.end()).toBe('');
  });
});
