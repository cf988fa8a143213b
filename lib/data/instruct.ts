import { named, type Random, type Stage } from "../flow/mod.ts";
import type { Generation } from "../generate/types.ts";
import { parseQuestions } from "./parse_questions.ts";
import { askForQuestions, DEFAULT_INSTRUCTION } from "./prompts.ts";
import type { DraftRecord, TurnDraft } from "./record.ts";
import { askAbout, type SampledStageOptions } from "./sampled_stage.ts";
import { noted } from "./sampler_note.ts";
import { randomOf } from "./seeds.ts";
import { TurnDrops } from "./turn_drops.ts";
import { collapseSpace } from "./words.ts";

/** Options of {@linkcode instruct}. */
export interface InstructOptions extends SampledStageOptions {
  /**
   * What the model is asked for after the context; `{count}` becomes the number of questions.
   * @default {DEFAULT_INSTRUCTION}
   */
  instruction?: string;
  /** Questions asked for on a short context. @default {4} */
  asked?: number;
  /** Questions kept of them, at random; each is a turn. @default {1} */
  perShort?: number;
}

/**
 * A stage in which the model writes questions on each short context that has none.
 *
 * As in LongPO, more are asked for than kept. Turns that stay without a usable question, or whose
 * question the document has already, are dropped and counted; so are documents without a turn.
 */
export function instruct(options: InstructOptions): Stage<DraftRecord, DraftRecord> {
  const { instruction = DEFAULT_INSTRUCTION, asked = 4, perShort = 1 } = options;
  const conversationsOf = (draft: DraftRecord) =>
    [...openShorts(draft)].map(([short, turns]) => [
      askForQuestions(short, instruction, Math.max(asked, perShort, turns)),
    ]);
  return named("instruct", async function* instruct(source, context) {
    const answered = askAbout(source, "instruct", conversationsOf, options, context);
    for await (const { draft, answers } of answered) {
      const random = randomOf(context.seed, "instruct", draft.id).fork("keep");
      const drops = new TurnDrops(draft, context.meter);
      const turns = withQuestions(draft, answers, perShort, random, drops);
      if (turns.length === 0) {
        context.meter.drop("no usable question", draft);
        continue;
      }
      const sampler = answers.length === 0
        ? draft.sampler
        : noted(draft.sampler, "instruct", { ...options, seed: context.seed });
      yield { ...draft, turns, sampler, ...drops.noted };
    }
  }, { sampler: options.sampler.name, asked, perShort });
}

/** Short contexts of turns without a question, and how many turns each has. */
function openShorts(draft: DraftRecord): Map<string, number> {
  const shorts = new Map<string, number>();
  for (const { short, question } of draft.turns) {
    if (question === undefined) shorts.set(short, (shorts.get(short) ?? 0) + 1);
  }
  return shorts;
}

function withQuestions(
  draft: DraftRecord,
  answers: readonly Generation[],
  perShort: number,
  random: Random,
  drops: TurnDrops,
): TurnDraft[] {
  const seen = new Set<string>();
  const isNew = (question: string): boolean => {
    const key = collapseSpace(question).toLowerCase();
    return !seen.has(key) && seen.add(key) !== undefined;
  };
  const given = draft.turns.filter(({ question }) => question !== undefined);
  const turns = given.filter(({ question }) => isNew(question!));
  drops.add("question asked before", given.length - turns.length);
  [...openShorts(draft)].forEach(([short, open], index) => {
    const written = questionsOf(answers[index]).filter(isNew);
    const wanted = Math.max(open, perShort);
    const kept = new Set(random.shuffle(written).slice(0, wanted));
    drops.add("no usable question", wanted - kept.size);
    for (const question of written) if (kept.has(question)) turns.push({ short, question });
  });
  return turns;
}

/** The questions of an answer; one that was ended in the middle is left out. */
function questionsOf({ text, finish }: Generation): string[] {
  const questions = parseQuestions(text);
  return finish === "stop" ? questions : questions.slice(0, -1);
}
