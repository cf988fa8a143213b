/**
 * The table of gradient rules: a new family of operators is one file and one line here.
 *
 * @module
 */

import { attentionRules } from "../composites/attention.ts";
import { inChunksRules } from "../composites/in_chunks.ts";
import { logProbsRules } from "../composites/log_probs.ts";
import { swiGluRules } from "../composites/swiglu.ts";
import { compareRules } from "./compare.ts";
import { elementwiseRules } from "./elementwise.ts";
import { gatherRules } from "./gather.ts";
import { layoutRules } from "./layout.ts";
import { matmulRules } from "./matmul.ts";
import { normaliseRules } from "./normalise.ts";
import { reduceRules } from "./reduce.ts";
import { rotaryRules } from "./rotary.ts";
import type { GradientRules } from "./rule.ts";
import { softmaxRules } from "./softmax.ts";

/** Reverse-mode rules by operator name. */
export const gradientRules: GradientRules = {
  ...elementwiseRules,
  ...matmulRules,
  ...reduceRules,
  ...layoutRules,
  ...gatherRules,
  ...softmaxRules,
  ...compareRules,
  ...normaliseRules,
  ...rotaryRules,
  ...attentionRules,
  ...inChunksRules,
  ...logProbsRules,
  ...swiGluRules,
};
