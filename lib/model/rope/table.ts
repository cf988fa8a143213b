/**
 * The table of changes of the rotary embedding: a new one is a file beside this and a line here.
 *
 * @module
 */

import { dynamic } from "./dynamic.ts";
import { linear } from "./linear.ts";
import { llama3 } from "./llama3.ts";
import type { RopeRule } from "./rope_rule.ts";
import { yarn } from "./yarn.ts";

/** By `rope_type` in config.json. */
export const ropeRules: Readonly<Record<string, RopeRule>> = { linear, dynamic, yarn, llama3 };
