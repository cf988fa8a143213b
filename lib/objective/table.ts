import { UserError } from "../flow/user_error.ts";
import { dpo } from "./dpo.ts";
import { longpo } from "./longpo.ts";
import type { Objective } from "./objective.ts";
import { sft } from "./sft.ts";

/** Objectives by name: a new one is a file and a line here. */
export const objectives: Readonly<Record<string, Objective>> = { longpo, dpo, sft };

/**
 * An objective by its name.
 *
 * @throws {UserError} If there is none of that name.
 */
export function objectiveNamed(name: string): Objective {
  if (Object.hasOwn(objectives, name)) return objectives[name];
  throw new UserError(`There is no objective ${JSON.stringify(name)}`, {
    hint: `choose one of ${Object.keys(objectives).join(", ")}`,
  });
}
