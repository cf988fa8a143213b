/**
 * `--dtype`: how the weights that are trained lie in memory.
 *
 * @module
 */

import { type HeldDtype, heldDtypes } from "../model/mod.ts";
import { choice, type Flag } from "./flag.ts";

/** `--dtype` */
export const dtypeFlag: Flag<HeldDtype | undefined> = choice({
  summary: "How weights lie in memory and are written; arithmetic, adapters and the copies that " +
    "answers are generated from are float32",
  choices: heldDtypes,
});
