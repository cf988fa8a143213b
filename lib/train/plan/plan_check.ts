/**
 * Holds a run against its plan.
 *
 * @module
 */

import type { Batch } from "../../data/mod.ts";
import type { Logger } from "../../flow/mod.ts";
import type { ModelConfig } from "../../model/mod.ts";
import type { Device } from "../../runtime/mod.ts";
import { rowTransfer, updateTransfer, withoutWorkspaces } from "./device_load.ts";
import type { LearningSize } from "./learning_size.ts";
import { stepMemory, trainingBytes } from "./memory.ts";
import { type Rates, secondsFor } from "./rates.ts";
import { type RowSize, rowSize } from "./row_size.ts";
import { addWork, stepWork } from "./work.ts";

/** How far off the plan a run may be before it is told. */
const TOLERANCE = 0.2;

/** What JavaScript's own memory goes up and down by. */
const SLACK = 128 * 2 ** 20;

const MIB = 2 ** 20;

/** What a run is compared with. */
export interface PlanCheckOptions {
  /** The model under training. */
  config: ModelConfig;
  /** What learns, and where its numbers lie. @default {all weights, in memory} */
  learning?: LearningSize;
  /** Whether the model's own weights learn, in place of copies. @default {false} */
  takesOver?: boolean;
  /** What graphs run on. @default {"cpu"} */
  device?: Device;
  /** The machine's rates; without them the time is not compared. */
  rates?: Rates;
  /** The process' memory now, in bytes. @default {what the system says} */
  memory?: () => number;
}

/** Compares memory and time of steps with what was to be expected of their rows. */
export class PlanCheck {
  readonly #options: PlanCheckOptions;
  readonly #memory: () => number;
  readonly #before: number;
  #peak: number;
  #plannedBytes = 0;
  #planned = 0;
  #taken = 0;
  #steps = 0;

  /** To be made before the weights are copied: what training adds is counted from here. */
  constructor(options: PlanCheckOptions) {
    this.#options = options;
    this.#memory = options.memory ?? (() => Deno.memoryUsage().rss);
    this.#before = this.#memory();
    this.#peak = this.#before;
  }

  /** Takes a step into account. */
  step({ rows }: Pick<Batch, "rows">, seconds: number): void {
    const { config, rates, learning, takesOver, device = "cpu" } = this.#options;
    const sizes = rows.map(rowSize);
    for (const size of sizes) {
      const memory = stepMemory(config, size, learning, rows.length);
      const host = device === "cpu" ? memory : withoutWorkspaces(memory);
      const bytes = trainingBytes(host, takesOver);
      this.#plannedBytes = Math.max(this.#plannedBytes, bytes);
    }
    this.#peak = Math.max(this.#peak, this.#memory());
    this.#steps++;
    // The first step also makes everything ready.
    if (!rates || this.#steps === 1) return;
    const work = sizes.map((size) => stepWork(config, size, 1, learning)).reduce(addWork);
    const transfer = device === "cpu" ? 0 : this.#transfer(sizes);
    this.#planned += secondsFor(work, rates, transfer);
    this.#taken += seconds;
  }

  #transfer(sizes: readonly RowSize[]): number {
    const { config, learning } = this.#options;
    const ofRows = sizes.reduce((sum, size) => sum + rowTransfer(config, size), 0);
    return ofRows + updateTransfer(config, learning?.lora);
  }

  /** What is off by more than a fifth, in sentences. */
  differences(): string[] {
    const found: string[] = [];
    const added = this.#peak - this.#before;
    const off = Math.abs(added - this.#plannedBytes);
    if (off > TOLERANCE * this.#plannedBytes && off > SLACK) {
      found.push(
        `Training took ${mib(added)} MiB of memory; planned were ${mib(this.#plannedBytes)} MiB`,
      );
    }
    if (this.#planned > 0 && Math.abs(this.#taken / this.#planned - 1) > TOLERANCE) {
      const each = (seconds: number) =>
        (seconds / (this.#steps - 1)).toLocaleString("en", { maximumSignificantDigits: 3 });
      found.push(`A step took ${each(this.#taken)} s; planned were ${each(this.#planned)} s`);
    }
    return found;
  }

  /** Tells of the differences, where there are any. */
  tell(log: Logger): void {
    if (this.#steps === 0) return;
    for (const difference of this.differences()) log.info(difference);
  }
}

function mib(bytes: number): string {
  return Math.round(bytes / MIB).toLocaleString("en");
}
