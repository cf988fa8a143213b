/**
 * The terminal a person watches: lines that stay, and below them lines that are drawn again.
 *
 * @module
 */

/** Where a screen writes and what it can do. */
export interface ScreenOptions {
  /** Takes text as it is. */
  write(text: string): void;
  /** Whether lines can be drawn again: a terminal, not a file or a pipe. */
  interactive: boolean;
  /** Whether colours may be used. */
  color: boolean;
  /** How many characters fit a line. */
  columns(): number;
}

/** A way of showing text. */
export type Style = "bold" | "red" | "yellow";

const codes: Record<Style, number> = { bold: 1, red: 31, yellow: 33 };

/** Lines that stay and, on a terminal, live lines kept below them. */
export class Screen {
  #options: ScreenOptions;
  #live: Map<object, string> = new Map();
  #drawn = 0;

  /** Makes a screen. */
  constructor(options: ScreenOptions) {
    this.#options = options;
  }

  /** Whether live lines are shown. */
  get interactive(): boolean {
    return this.#options.interactive;
  }

  /** Text in a style, where colours may be used. */
  paint(style: Style, text: string): string {
    return this.#options.color ? `\x1b[${codes[style]}m${text}\x1b[0m` : text;
  }

  /** Writes a line that stays, above the live ones. */
  print(line: string): void {
    this.#options.write(`${this.#erase()}${line}\n${this.#draw()}`);
  }

  /**
   * Shows a live line in place of the one its owner showed before; nothing takes it away.
   *
   * @param owner Whose line it is.
   * @param line The line, cut where it does not fit.
   */
  show(owner: object, line?: string): void {
    if (!this.interactive) return;
    if (line === undefined) this.#live.delete(owner);
    else this.#live.set(owner, line);
    this.#options.write(this.#erase() + this.#draw());
  }

  #erase(): string {
    if (this.#drawn === 0) return "";
    return `${this.#drawn > 1 ? `\x1b[${this.#drawn - 1}A` : ""}\r\x1b[J`;
  }

  #draw(): string {
    // A line that wraps could not be erased, since a terminal does not say where it wrapped.
    const width = Math.max(this.#options.columns() - 1, 1);
    this.#drawn = this.#live.size;
    return [...this.#live.values()].map((line) => line.slice(0, width)).join("\n");
  }
}

/** The screen on standard error, which leaves standard output to data. */
export const stderrScreen: Screen = new Screen({
  write: writeToStderr,
  interactive: Deno.stderr.isTerminal(),
  color: Deno.stderr.isTerminal() && !Deno.noColor,
  columns: (): number => {
    try {
      // A terminal inside a recorder says 0.
      return Deno.consoleSize().columns || 80;
    } catch {
      return 80;
    }
  },
});

function writeToStderr(text: string): void {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
  } catch {
    // Nobody listens any more, and there is no other place to say so.
  }
}
