import { createInterface, type Interface } from 'node:readline';
import type { Writable } from 'node:stream';
import { QueryError, TlsfpError } from '../errors.js';
import { formatOfName } from '../sink/format-name.js';
import type { ResultFormat } from '../sink/result.js';
import { Completion } from './completion.js';
import { HISTORY_SIZE, readHistory, writeHistory } from './history.js';
import { parseValues, questionNamed, sqlOfQuestion } from './questions.js';
import type { QuerySession } from './session.js';
import { COMMANDS, MODES, type Mode, runCommand, type ShellState } from './shell-commands.js';
import { onOneLine, splitStatements } from './sql-text.js';

export { historyPath } from './history.js';

/** Where the shell reads and writes. */
export interface ShellOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: Writable & { readonly columns?: number; readonly isTTY?: boolean };
  /** File of the history; null: none. */
  readonly history: string | null;
  /** What is questioned, for the greeting. */
  readonly title: string;
  readonly format?: ResultFormat | undefined;
}

const PROMPT = 'tlsfp> ';
const MORE = '   ... ';
/** Statements after which other tables may be there. */
const CHANGES = /^\s*(create|drop|alter|attach|detach|use)\b/i;

/** The interactive shell: SQL on several lines, named questions, commands; history and completion on a terminal. */
export class Shell implements ShellState {
  readonly session: QuerySession;
  mode: Mode;
  last: string | null = null;
  readonly #options: ShellOptions;
  readonly #readline: Interface;
  readonly #completion = new Completion();
  readonly #lines: string[] = [];
  #history: string[];
  /** Lines of a statement that has not ended, and how many of them stand in the history. */
  #pending = '';
  #pendingLines = 0;
  /** Lines wait: for the start, or for the answer to one before. */
  #busy = true;
  #running = false;
  #ended = false;
  #finish: () => void = () => {};

  constructor(session: QuerySession, options: ShellOptions) {
    this.session = session;
    this.#options = options;
    this.mode = MODES.find((mode) => mode === options.format) ?? 'table';
    this.#history = options.history ? readHistory(options.history) : [];
    this.#readline = createInterface({
      input: options.input,
      output: options.output,
      terminal: options.output.isTTY ?? false,
      history: [...this.#history],
      historySize: HISTORY_SIZE,
      removeHistoryDuplicates: true,
      prompt: PROMPT,
      completer: (line: string) => this.#completion.complete(line, this.#pending),
    });
  }

  /** Characters per line. */
  get width(): number {
    return this.#options.output.columns ?? 100;
  }

  /** Read and answer until the input ends; answers the exit code. */
  async run(): Promise<number> {
    const input = this.#readline;
    input.on('history', (history: string[]) => {
      this.#history = history;
    });
    input.on('line', (line) => {
      this.#lines.push(line);
      void this.#work();
    });
    input.on('SIGINT', () => this.#interrupt());
    const over = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    input.on('close', () => {
      this.#ended = true;
      void this.#work();
    });
    await this.#completion.refresh(this.session);
    if (this.#options.output.isTTY)
      this.print(`${this.#options.title}\n.help says what there is; SQL ends with ;\n`);
    this.#busy = false;
    this.#prompt();
    void this.#work();
    await over;
    if (this.#options.history) writeHistory(this.#options.history, this.#history);
    return 0;
  }

  print(text: string): void {
    this.#options.output.write(text);
  }

  quit(): void {
    this.#lines.length = 0;
    this.#readline.close();
  }

  async export(sql: string, path: string): Promise<void> {
    await this.session.run(sql, { format: formatOfName(path), out: path });
  }

  /** Lines come while a question is being answered: one after the other. */
  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) {
      try {
        await this.#line(line);
      } catch (error) {
        this.#explain(error);
      }
      if (!this.#ended) this.#prompt();
    }
    this.#busy = false;
    if (!this.#ended) return;
    if (this.#pending.trim() !== '') await this.#statements(this.#pending).catch((e) => this.#explain(e));
    if (this.#options.output.isTTY) this.print('\n');
    this.#finish();
  }

  async #line(line: string): Promise<void> {
    const word = line.trim();
    if (COMMANDS.some(({ name }) => name === word.split(/\s/)[0])) return runCommand(this, word);
    if (this.#pending === '') {
      if (word === '') return;
      if (word.startsWith('.')) return runCommand(this, word);
      const sql = await this.#question(word);
      if (sql !== null) return this.#answer(sql);
    }
    this.#pending += `${line}\n`;
    if (line.trim() !== '') this.#pendingLines++;
    if (!splitStatements(this.#pending).complete) return;
    const text = this.#pending;
    this.#remember(text);
    this.#forget();
    await this.#statements(text);
  }

  async #statements(text: string): Promise<void> {
    for (const statement of splitStatements(text).statements) await this.#answer(statement);
    if (CHANGES.test(text)) await this.#completion.refresh(this.session);
  }

  /** SQL of `name parameter=value ...`; null when the line is no named question. */
  async #question(line: string): Promise<string | null> {
    const [, name = '', rest = ''] =
      /^([a-z][a-z-]*)((?:\s+\w+=(?:'[^']*'|"[^"]*"|[^\s;]*))*)\s*;?$/.exec(line) ?? [];
    const question = questionNamed(name);
    if (!question) return null;
    const texts = [...rest.matchAll(/(\w+)=(?:'([^']*)'|"([^"]*)"|(\S*))/g)];
    const values = parseValues(texts.map(([, key, a, b, c]) => `${key}=${a ?? b ?? c}`));
    return sqlOfQuestion(this.session, question, values);
  }

  async #answer(sql: string): Promise<void> {
    const started = Date.now();
    const known = this.session.errors.length;
    this.#running = true;
    try {
      const format = this.mode;
      const rows = await this.session.run(sql, { format, out: this.#options.output, width: this.width });
      this.last = sql;
      if (this.#options.output.isTTY && format === 'table') {
        const count = rows === null ? '' : `${rows} ${rows === 1 ? 'row' : 'rows'}, `;
        this.print(`(${count}${((Date.now() - started) / 1000).toFixed(2)} s)\n`);
      }
      for (const error of this.session.errors.slice(known)) this.print(`${error.message}\n`);
    } finally {
      this.#running = false;
    }
  }

  /** One entry for the statement in place of one for each of its lines. */
  #remember(text: string): void {
    if (this.#pendingLines < 2) return;
    const one = onOneLine(text);
    if (one === null) return;
    const lines = new Set(text.split('\n'));
    while (this.#history.length > 0 && lines.has(this.#history[0]!)) this.#history.shift();
    this.#history.unshift(one);
  }

  #forget(): void {
    this.#pending = '';
    this.#pendingLines = 0;
  }

  #interrupt(): void {
    if (this.#running) {
      this.session.interrupt();
      return;
    }
    this.#forget();
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
    this.print('\n');
    this.#prompt();
  }

  #explain(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (/^INTERRUPT Error/i.test(message)) {
      this.print('stopped\n');
      return;
    }
    const place = error instanceof QueryError && error.place ? `\n${error.place}\n` : '';
    this.print(`${message}${error instanceof TlsfpError ? '' : ' (a fault of tlsfp)'}\n${place}`);
  }

  #prompt(): void {
    this.#readline.setPrompt(this.#pending === '' ? PROMPT : MORE);
    if (this.#options.output.isTTY) this.#readline.prompt();
  }
}
