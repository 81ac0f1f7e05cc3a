import { styleText } from 'node:util';
import type { ShownError } from './failures.js';
import type { OutputStream, Terminal } from './terminal.js';

export const outputFormats = ['text', 'json', 'jsonl', 'none'] as const;
export type OutputFormat = (typeof outputFormats)[number];
export const colorModes = ['auto', 'always', 'never'] as const;

export interface OutputOptions {
  readonly output: OutputFormat;
  readonly color: (typeof colorModes)[number];
  readonly quiet: boolean;
}

type Style = Parameters<typeof styleText>[0];

/** Output of a command: the result on stdout, progress and errors on stderr. */
export class Output {
  /** Live text on the terminal, which the next one replaces. */
  #live = '';

  /** `pasteable`: completes the commands in a text. */
  constructor(
    private readonly terminal: Terminal,
    private readonly options: OutputOptions,
    readonly pasteable: (text: string) => string,
  ) {}

  get isText(): boolean {
    return this.options.output === 'text';
  }

  get isJson(): boolean {
    return this.options.output === 'json' || this.options.output === 'jsonl';
  }

  /** True if stderr is a terminal on which a live text can be replaced. */
  get isLive(): boolean {
    return this.isText && !this.options.quiet && this.terminal.stderr.isTTY === true;
  }

  /** True if a result that changes can be replaced: its reader sees the terminal, not a pipe. */
  get isLiveResult(): boolean {
    return this.isLive && this.terminal.stdout.isTTY === true;
  }

  /** Writes the result of a command. */
  result(value: unknown, text: () => string): void {
    const { output } = this.options;
    if (output === 'text') this.#write(`${this.pasteable(text())}\n`);
    else if (output === 'json') this.#write(`${this.#json(value, 2)}\n`);
    else if (output === 'jsonl') this.#write(`${this.#json(value)}\n`);
  }

  /** Writes a list: an array in JSON, a line for each entry in JSON lines. `whole`: value in JSON in place of the array. */
  list(values: readonly unknown[], text: () => string, whole: unknown = values): void {
    if (this.options.output !== 'jsonl') this.result(whole, text);
    else for (const value of values) this.#write(`${this.#json(value)}\n`);
  }

  /** Writes one of many results, as a line of its own in JSON. */
  line(value: unknown, text: () => string): void {
    if (this.isText) this.result(value, text);
    else if (this.options.output !== 'none') this.#write(`${this.#json(value)}\n`);
  }

  /** Writes a value for scripts as it is: bare in text, quoted in JSON. `text`: what text shows in place of the value. */
  value(value: unknown, text = String(value)): void {
    if (this.isText) this.#write(`${text}\n`);
    else this.result(value, () => text);
  }

  /** Writes a progress line to stderr. Writes nothing in other formats. */
  say(line: string): void {
    if (!this.isText || this.options.quiet) return;
    this.#clear();
    this.terminal.stderr.write(`${this.pasteable(line)}\n`);
  }

  /** Writes a warning of this package, in JSON a line of its own. Other warnings, such as Node's, are not for operators. */
  warn(name: string, message: string): void {
    if (name !== 'TemporalDmsWarning' || this.options.quiet) return;
    if (this.isText) this.say(this.style('yellow', message, this.terminal.stderr));
    else this.terminal.stderr.write(`${JSON.stringify({ warning: { message: this.pasteable(message) } })}\n`);
  }

  /** Replaces the live text. Without a terminal, writes the text if it has changed. */
  live(incomplete: string): void {
    const text = this.pasteable(incomplete);
    if (text === this.#live) return;
    if (!this.isLive) {
      this.#live = text;
      if (this.isText && !this.options.quiet) this.terminal.stderr.write(`${text}\n`);
      return;
    }
    this.#clear();
    this.terminal.stderr.write(`${text}\n`);
    this.#live = text;
  }

  error({ type, details, ...shown }: ShownError): void {
    const message = this.pasteable(shown.message);
    const hint = shown.hint === null ? null : this.pasteable(shown.hint);
    if (this.isText || this.options.output === 'none') {
      this.#live = '';
      const what = `temporal-dms: ${type === null ? '' : `${type}: `}${message}`;
      this.terminal.stderr.write(`${this.style('red', what, this.terminal.stderr)}\n`);
      if (hint !== null) this.terminal.stderr.write(`${hint}\n`);
    } else this.terminal.stderr.write(`${JSON.stringify({ error: { type, message, hint, details } })}\n`);
  }

  style(style: Style, text: string, stream: OutputStream = this.terminal.stdout): string {
    return this.#hasColor(stream) ? styleText(style, text, { validateStream: false }) : text;
  }

  #hasColor(stream: OutputStream): boolean {
    const { color } = this.options;
    const { NO_COLOR, TERM } = this.terminal.env;
    return color === 'always' || (color === 'auto' && stream.isTTY === true && !NO_COLOR && TERM !== 'dumb');
  }

  /** Returns a result as JSON. Only the commands in `hint` and `next` are completed. */
  #json(value: unknown, indent?: number): string {
    const commands = (name: string, member: unknown) => {
      if (name === 'hint' && typeof member === 'string') return this.pasteable(member);
      return name === 'next' && Array.isArray(member) ? member.map((each) => this.pasteable(String(each))) : member;
    };
    return JSON.stringify(value, commands, indent);
  }

  #write(text: string): void {
    this.#clear();
    this.terminal.stdout.write(text);
  }

  /** Removes the live text from the terminal. */
  #clear(): void {
    if (this.isLive && this.#live !== '') {
      const columns = this.terminal.stderr.columns ?? 80;
      const lines = this.#live
        .split('\n')
        .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
      this.terminal.stderr.write(`\u001B[${lines}A\u001B[J`);
    }
    this.#live = '';
  }
}
