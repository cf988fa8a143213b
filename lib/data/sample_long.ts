import { named, type Stage, type StageContext } from "../flow/mod.ts";
import type { ChatModel } from "../model/mod.ts";
import { fitDocument, type FitOptions } from "./fit_document.ts";
import type { DraftRecord } from "./record.ts";
import { sampleAnswers } from "./sample_answers.ts";
import type { SampledStageOptions } from "./sampled_stage.ts";
import type { LeaveOut } from "./shorten.ts";

/** Options of {@linkcode sampleLong}. */
export interface SampleLongOptions extends SampledStageOptions {
  /**
   * Most tokens of a prompt, chat template included. A longer one has its document shortened,
   * never the question. @default {Infinity}
   */
  maxPromptTokens?: number;
  /** Whose prompts are counted; needed with `maxPromptTokens`. */
  model?: ChatModel;
  /** Which part of a document that is too long is left out. @default {"middle"} */
  leaveOut?: LeaveOut;
}

/**
 * A stage in which the model answers each question from the whole document: the rejected answers,
 * `y_L ~ π_S(· | x_L)` in the paper.
 *
 * Documents that had to be shortened are counted, named, and stay short in the record. Questions
 * that leave no room for any document are dropped.
 *
 * @throws {TypeError} If `maxPromptTokens` is given without a model.
 */
export function sampleLong(options: SampleLongOptions): Stage<DraftRecord, DraftRecord> {
  const { maxPromptTokens, model, leaveOut = "middle" } = options;
  if (maxPromptTokens !== undefined && model === undefined) {
    throw new TypeError(`Cannot hold prompts to ${maxPromptTokens} tokens without a model`);
  }
  const fit = maxPromptTokens === undefined || model === undefined
    ? undefined
    : { maxPromptTokens, model, leaveOut };
  return named("sampleLong", async function* sampleLong(source, context) {
    const drafts = fit === undefined ? source : fitted(source, fit, context);
    const task = { stage: "sampleLong", field: "rejected", contextOf } as const;
    yield* sampleAnswers(drafts, task, options, context);
  }, { sampler: options.sampler.name, maxPromptTokens });
}

function contextOf(draft: DraftRecord): string {
  return draft.long;
}

async function* fitted(
  drafts: AsyncIterable<DraftRecord>,
  fit: FitOptions,
  context: StageContext,
): AsyncGenerator<DraftRecord> {
  for await (const draft of drafts) {
    const next = fitDocument(draft, fit, context);
    if (next.turns.length > 0) yield next;
    else context.meter.drop("no question fits in a prompt", draft);
  }
}
