import { createContext } from "../../lib/flow/context.ts";
import type { Stage, StageContext } from "../../lib/flow/mod.ts";

/** What a stage gave, dropped, counted and said. */
export interface StageRun<Out> {
  out: Out[];
  dropped: { reason: string; record: unknown }[];
  counts: Record<string, number>;
  messages: string[];
}

/** A context that remembers. */
export function recordingContext(seed: number): StageContext & Omit<StageRun<never>, "out"> {
  const dropped: StageRun<never>["dropped"] = [];
  const counts: StageRun<never>["counts"] = {};
  const messages: string[] = [];
  const say = (message: string): void => void messages.push(message);
  const context = createContext({
    seed,
    log: { info: say, warn: say },
    meter: {
      drop: (reason, record) => void dropped.push({ reason, record }),
      count: (name, by = 1) => void (counts[name] = (counts[name] ?? 0) + by),
    },
  });
  return { ...context, dropped, counts, messages };
}

/** Runs a stage over items. */
export async function runStage<In, Out>(
  stage: Stage<In, Out>,
  items: readonly In[],
  { seed = 7 }: { seed?: number } = {},
): Promise<StageRun<Out>> {
  const context = recordingContext(seed);
  const out = await Array.fromAsync(stage(iterate(items), context));
  const { dropped, counts, messages } = context;
  return { out, dropped, counts, messages };
}

/** Runs a source. */
export async function runSource<Out>(
  source: (context: StageContext) => AsyncIterable<Out>,
): Promise<StageRun<Out>> {
  return await runStage<never, Out>((_, context) => source(context), []);
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
