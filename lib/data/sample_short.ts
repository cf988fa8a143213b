import { named, type Stage } from "../flow/mod.ts";
import type { DraftRecord } from "./record.ts";
import { sampleAnswers } from "./sample_answers.ts";
import type { SampledStageOptions } from "./sampled_stage.ts";

/**
 * A stage in which the model answers each question from its short context: the chosen answers,
 * `y_S ~ π_S(· | x_S)` in the paper.
 */
export function sampleShort(options: SampledStageOptions): Stage<DraftRecord, DraftRecord> {
  return named("sampleShort", async function* sampleShort(source, context) {
    yield* sampleAnswers(
      source,
      { stage: "sampleShort", field: "chosen", contextOf: (_, turn) => turn.short },
      options,
      context,
    );
  }, { sampler: options.sampler.name });
}
