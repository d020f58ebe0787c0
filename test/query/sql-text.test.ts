import { describe, expect, test } from 'vitest';
import { onOneLine, parametersOf, splitStatements, sqlName, sqlString } from '../../src/query/sql-text.js';

const split = (sql: string) => splitStatements(sql).statements;

describe('splitStatements', () => {
  test('a semicolon ends a statement, but not within a string, a name or a comment', () => {
    expect(split("SELECT ';'; SELECT 2")).toEqual(["SELECT ';'", ' SELECT 2']);
    expect(split("SELECT 'it''s;', 1; x")).toHaveLength(2);
    expect(split(String.raw`SELECT E'\';', 1; x`)).toHaveLength(2);
    expect(split(String.raw`SELECT '\'; x`)).toHaveLength(2);
    expect(split('SELECT ";"";" ; x')).toHaveLength(2);
    expect(split('SELECT 1 -- a; b\n; x')).toHaveLength(2);
    expect(split('SELECT 1 /* ; /* ; */ ; */; x')).toHaveLength(2);
    expect(split('SELECT $$;$$, $tag$ ; $$ ; $tag$; x')).toHaveLength(2);
  });

  test('what has nothing but comments is no statement', () => {
    expect(split(' ; -- nothing\n ; /* too */ ;')).toEqual([]);
  });

  test('complete: the last one has its semicolon, and only comments behind', () => {
    const complete = (sql: string) => splitStatements(sql).complete;
    expect(complete('SELECT 1')).toBe(false);
    expect(complete('SELECT 1;')).toBe(true);
    expect(complete('SELECT 1; -- done')).toBe(true);
    expect(complete("SELECT ';")).toBe(false);
    expect(complete('SELECT 1; SELECT')).toBe(false);
    expect(complete('SELECT 1 -- ;')).toBe(false);
  });
});

test('onOneLine keeps strings as they are and leaves comments out', () => {
  const sql = 'SELECT \'a  b\',\n  x -- why\n  FROM "x  y" /* not */\n;\n';
  expect(onOneLine(sql)).toBe(`SELECT 'a  b', x FROM "x  y" ;`);
  expect(onOneLine("SELECT 'a\nb';")).toBeNull();
});

test('parametersOf: each once, not those in strings, no numbered ones', () => {
  expect(parametersOf("SELECT $b, $a, $b, '$c', $1, $$ $d $$")).toEqual(['b', 'a']);
});

test('quoting', () => {
  expect(sqlString("it's")).toBe("'it''s'");
  expect(sqlName('a"b')).toBe('"a""b"');
});
