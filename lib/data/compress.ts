import { named, type Stage } from "../flow/mod.ts";
import type { CompressMethod, CompressMethodOptions } from "./compress/method.ts";
import { pick } from "./compress/pick.ts";
import { retrieve } from "./compress/retrieve.ts";
import { summarise } from "./compress/summarise.ts";
import type { ChunkedDocument, DraftRecord } from "./record.ts";
import { noted } from "./sampler_note.ts";
import { randomOf } from "./seeds.ts";

export type { CompressMethod, CompressMethodOptions, CompressTools } from "./compress/method.ts";

/** The ways to make a short context of a long document, by name. */
export const compressMethods: Readonly<
  Record<CompressMethodName, (options: CompressMethodOptions) => CompressMethod>
> = { pick, retrieve, summarise };

/** The name of a way to make short contexts. */
export type CompressMethodName = "pick" | "retrieve" | "summarise";

/** Options of {@linkcode compress}. */
export interface CompressOptions extends CompressMethodOptions {
  /**
   * `pick` takes random chunks as LongPO does, `retrieve` the best chunk for each question that
   * came with the document, `summarise` a summary by the model.
   * @default {"pick"}
   */
  method?: CompressMethodName;
  /** Most turns a document. @default {4} */
  turns?: number;
}

/**
 * A stage that makes a document's short contexts, each the beginning of a turn.
 *
 * Documents for which the method finds none are dropped with its reason.
 *
 * @example Take two random chunks of each document
 * ```ts
 * import { compress } from "@longpo/longpo/data";
 *
 * const stage = compress({ method: "pick", turns: 2 });
 * console.log(stage.name); // compress
 * ```
 */
export function compress(options: CompressOptions = {}): Stage<ChunkedDocument, DraftRecord> {
  const { method = "pick", turns = 4, sampler, sampling = {} } = options;
  const make = compressMethods[method](options);
  return named("compress", async function* compress(source, context) {
    for await (const document of source) {
      const random = randomOf(context.seed, "compress", document.id);
      const made = await make(document, { turns, random, context });
      if (typeof made === "string") {
        context.meter.drop(made, document);
        continue;
      }
      context.meter.count("turns", made.length);
      const { id, source: origin, text: long } = document;
      const draft: DraftRecord = { id, source: origin, long, turns: made };
      if (method === "summarise" && sampler !== undefined) {
        draft.sampler = noted(undefined, method, { sampler, sampling, seed: context.seed });
      }
      yield draft;
    }
  }, { method, turns });
}
