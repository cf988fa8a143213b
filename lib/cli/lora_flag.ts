/**
 * `--lora`: adapters learn in place of the model's own weights.
 *
 * @module
 */

import { checkLora, describeLora, type LoraConfig, type ModelConfig } from "../model/mod.ts";
import { type Flag, string } from "./flag.ts";
import type { Recipe } from "./recipe.ts";
import { UsageError } from "./usage_error.ts";

const EXAMPLE = "r=16,alpha=32,targets=q_proj+v_proj";

function wrong(what: string, hint = `Write it as ${EXAMPLE}`): UsageError {
  return new UsageError(`Cannot use --lora: ${what}`, { hint });
}

/** How each setting is read; undefined where the text is none. */
const readers: Readonly<Record<string, (text: string) => Partial<LoraConfig> | undefined>> = {
  r: (text) => {
    const rank = Number(text);
    return Number.isSafeInteger(rank) && rank > 0 ? { rank } : undefined;
  },
  alpha: (text) => {
    const alpha = Number(text);
    return Number.isFinite(alpha) && alpha > 0 ? { alpha } : undefined;
  },
  targets: (text) => {
    const targets = text.split("+");
    return targets.every((target) => target !== "") ? { targets } : undefined;
  },
};

function readSetting(part: string): Partial<LoraConfig> {
  const [, key, text] = /^([^=]*)=(.*)$/.exec(part) ?? [];
  if (key === undefined) throw wrong(`'${part}' is no setting`);
  if (key === "dropout") {
    throw wrong("adapters have no dropout here", "Leave dropout out");
  }
  if (!Object.hasOwn(readers, key)) {
    throw wrong(`there is no '${key}', only ${Object.keys(readers).join(", ")}`);
  }
  const setting = readers[key](text);
  if (setting === undefined) throw wrong(`${key} cannot be '${text}'`);
  return setting;
}

/**
 * Reads adapters from text such as `r=16,alpha=32,targets=q_proj+v_proj`, where what is left out is
 * 16, 32 and every linear layer.
 *
 * @throws {UsageError} If the text says something else.
 */
export function parseLora(text: string): LoraConfig {
  const settings = text.split(",").map(readSetting);
  return Object.assign({ rank: 16, alpha: 32 }, ...settings);
}

/** The flag; its value is the text with every number in it, since a recipe is read by people. */
export const loraFlag: Flag<string | undefined> = {
  ...string({
    summary: `Adapters to learn in place of all weights, such as ${EXAMPLE}`,
    value: "settings",
  }),
  read: (text) => describeLora(parseLora(text)),
};

/**
 * The adapters of a recipe, where it has some.
 *
 * @param config The model that gets them.
 * @throws {UserError} If the model has no such linear layers.
 */
export function loraOf({ lora: text }: Recipe, config: ModelConfig): LoraConfig | undefined {
  if (text === undefined) return undefined;
  const lora = parseLora(text);
  checkLora(config, lora);
  return lora;
}
