import { named, type Stage } from "../flow/mod.ts";

/**
 * A stage that passes on the records that are wanted here. The others are counted and not dropped:
 * they have their place elsewhere, such as in an exam or in a file that is gone on with.
 *
 * @param wanted Decides by the record's id.
 * @param elsewhere Where the others are, as the report is to name them.
 *
 * @example Hold one document out
 * ```ts
 * import { only } from "@longpo/longpo/data";
 * import { pipeline } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const training = pipeline({
 *   name: "training",
 *   source: [{ id: "a" }, { id: "b" }],
 *   stages: [only((id) => id !== "b", "held out")],
 * });
 *
 * assertEquals(await Array.fromAsync(training), [{ id: "a" }]);
 * ```
 */
export function only<Record extends { id: string }>(
  wanted: (id: string) => boolean,
  elsewhere: string,
): Stage<Record, Record> {
  return named("only", async function* only(source, { meter }) {
    for await (const record of source) {
      if (wanted(record.id)) yield record;
      else meter.count(elsewhere);
    }
  }, { elsewhere });
}
