import { expect, test } from 'vitest';
import { hintFor, suggestion } from '../src/suggest.js';

const WORDS = ['analyze', 'query', 'info', 'explain', 'diff', 'ja4', 'ja3'];

test.each([
  ['analize', 'analyze'],
  ['anaylze', 'analyze'],
  ['ANALYZE', 'analyze'],
  ['qury', 'query'],
  ['difff', 'diff'],
  ['ja44', 'ja4'],
  ['report', null],
  ['x', null],
  ['', null],
])('%s -> %s', (word, expected) => {
  expect(suggestion(word, WORDS)).toBe(expected);
});

test('a hint says what else there is when nothing is near', () => {
  expect(hintFor('qury', WORDS, 'commands: ...')).toBe('did you mean query?');
  expect(hintFor('nonsense', WORDS, 'commands: ...')).toBe('commands: ...');
});
