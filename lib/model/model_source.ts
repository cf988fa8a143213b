/**
 * Where a model is, told from how a person names it.
 *
 * @module
 */

import { isMissing, UserError } from "../flow/mod.ts";

/** A model on a Hugging Face hub. */
export interface HubModel {
  /** `organisation/name` */
  readonly id: string;
  /** A branch, a tag or a commit. @default {"main"} */
  readonly revision?: string;
  /** One GGUF file of the repository in place of its folder. */
  readonly file?: string;
}

/** A model in a folder, in a GGUF file, or on a hub. */
export type ModelSource =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "gguf"; readonly path: string }
  | { readonly kind: "hub"; readonly model: HubModel };

const NAME = "[A-Za-z0-9_][\\w.-]*";

/** `organisation/name`, `/file.gguf` behind it for one file, `@revision` at the end. */
const HUB_MODEL = new RegExp(
  `^(?<id>${NAME}/${NAME})(?:/(?<file>(?:${NAME}/)*${NAME}\\.gguf))?(?:@(?<revision>${NAME}(?:/${NAME})*))?$`,
);

async function statIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What a text names on a hub, or undefined where it can be no such name. */
export function hubModel(text: string): HubModel | undefined {
  const { id, file, revision } = HUB_MODEL.exec(text)?.groups ?? {};
  if (id === undefined) return undefined;
  return { id, ...(file && { file }), ...(revision && { revision }) };
}

/**
 * Tells whether a text names a folder, a GGUF file, or a model on a hub.
 *
 * What exists on disk wins; what does not is taken for `organisation/name`, with `@revision` behind
 * it where another than `main` is meant, or for `organisation/name/file.gguf`.
 *
 * @throws {UserError} If it can be none of the three.
 *
 * @example A name on a hub
 * ```ts
 * import { modelSource } from "@longpo/longpo/model";
 *
 * const source = await modelSource("HuggingFaceTB/SmolLM2-135M-Instruct@v1.0");
 * console.log(source.kind === "hub" && source.model.revision); // v1.0
 * ```
 */
export async function modelSource(text: string): Promise<ModelSource> {
  const found = await statIfThere(text);
  if (found) return { kind: found.isDirectory ? "folder" : "gguf", path: text };
  const model = hubModel(text);
  if (model) return { kind: "hub", model };
  throw new UserError(
    text.endsWith(".gguf") ? `There is no file ${text}` : `There is no model folder ${text}`,
    {
      hint: "Give the path of a Hugging Face folder, with config.json in it, the path of a .gguf " +
        "file, or a model's name on the hub, such as HuggingFaceTB/SmolLM2-135M-Instruct",
    },
  );
}
