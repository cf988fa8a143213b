/**
 * Progress as a stage of a pipeline.
 *
 * @module
 */

import type { Stage } from "../flow/mod.ts";
import { progress, type ProgressOptions } from "./progress.ts";

/** A stage that hands every record on and shows how many have passed. */
export function watch<T>(options: ProgressOptions): Stage<T, T> {
  return async function* watch(source: AsyncIterable<T>): AsyncIterable<T> {
    using shown = progress(options);
    shown.advance(options.before ?? 0);
    for await (const record of source) {
      shown.advance();
      yield record;
    }
  };
}
