import { named, open, Random, type Source, type StageContext } from "../flow/mod.ts";
import { muted } from "./muted.ts";
import { shuffle, type ShuffleOptions } from "./shuffle.ts";

/**
 * A source that reads another one several times, each time shuffled anew: no record comes again
 * before all others have come.
 *
 * What is dropped is counted the first time only.
 *
 * @param source Can be read as often as there are epochs.
 * @param count How often; `Infinity` goes on until nobody wants more. A source of nothing is read once.
 *
 * @example Two epochs of three records
 * ```ts
 * import { epochs } from "@longpo/longpo/data";
 * import { pipeline } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const twice = pipeline({ name: "twice", source: epochs(["a", "b", "c"], 2), stages: [] });
 * const rows = await Array.fromAsync(twice);
 *
 * assertEquals(rows.slice(0, 3).sort(), ["a", "b", "c"]);
 * assertEquals(rows.slice(3).sort(), ["a", "b", "c"]);
 * ```
 */
export function epochs<Row>(
  source: Source<Row>,
  count: number,
  options: ShuffleOptions = {},
): (context: StageContext) => AsyncIterable<Row> {
  const shuffled = shuffle<Row>(options);
  return named("epochs", async function* epochs(context) {
    for (let epoch = 0; epoch < count; epoch++) {
      const seed = new Random(context.seed).fork("epoch", epoch).int(2 ** 31);
      const own = { ...epoch === 0 ? context : muted(context), seed };
      let any = false;
      for await (const row of shuffled(open(source, own), own)) {
        any = true;
        yield row;
      }
      if (!any) return;
    }
  }, { count });
}
