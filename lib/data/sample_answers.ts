import type { StageContext } from "../flow/mod.ts";
import type { Generation } from "../generate/types.ts";
import { ask } from "./prompts.ts";
import type { DraftRecord, TurnDraft } from "./record.ts";
import { askAbout, type SampledStageOptions } from "./sampled_stage.ts";
import { noted } from "./sampler_note.ts";

/** Which answer is sampled, and on what. */
interface Task {
  stage: string;
  field: "chosen" | "rejected";
  contextOf: (draft: DraftRecord, turn: TurnDraft) => string;
}

/** What of an answer goes into a turn. */
function filled({ text, logProbs }: Generation, field: Task["field"]): Partial<TurnDraft> {
  const answer = { [field]: text.trim() };
  if (field === "rejected" || logProbs.length === 0) return answer;
  const sum = logProbs.reduce((sum, logProb) => sum + logProb, 0);
  return { ...answer, confidence: Math.exp(sum / logProbs.length) };
}

/** Fills one answer of every turn that has a question; answers that are there already stay. */
export async function* sampleAnswers(
  drafts: AsyncIterable<DraftRecord>,
  { stage, field, contextOf }: Task,
  options: SampledStageOptions,
  context: StageContext,
): AsyncGenerator<DraftRecord> {
  const open = (turn: TurnDraft): turn is TurnDraft & { question: string } =>
    turn.question !== undefined && turn[field] === undefined;
  const conversationsOf = (draft: DraftRecord) =>
    draft.turns.filter(open).map((turn) => [ask(contextOf(draft, turn), turn.question)]);
  const answered = askAbout(drafts, stage, conversationsOf, options, context);
  for await (const { draft, answers } of answered) {
    if (answers.length === 0) {
      yield draft;
      continue;
    }
    let next = 0;
    const turns = draft.turns.map((turn) =>
      open(turn) ? { ...turn, ...filled(answers[next++], field) } : turn
    );
    yield {
      ...draft,
      turns,
      sampler: noted(draft.sampler, stage, { ...options, seed: context.seed }),
    };
  }
}
