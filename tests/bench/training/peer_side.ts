/**
 * The same step by PyTorch and transformers.
 *
 * @module
 */

import { UserError } from "../../../lib/flow/mod.ts";
import type { SequencedDocument } from "../../../lib/model/mod.ts";
import type { Figures } from "./figures.ts";
import { type FlagValues, runJson } from "./fresh_process.ts";
import { shortTurns } from "./short_context.ts";

const SCRIPT = new URL("./peer.py", import.meta.url).pathname;
const PACKAGES = ["torch", "transformers", "safetensors"];

/** How the peer's step is computed; the flags of `peer.py`. */
export interface PeerOptions extends FlagValues {
  /** Folder of the model. */
  model: string;
  /** File of what is trained on: two {@linkcode PeerCase}s, `warmUp` and `measured`. */
  cases: string;
  threads: number;
  /** Largest norm of the gradients; 0 clips nothing. */
  maxGradNorm: number;
  /** Keeps only layers' inputs and computes the rest twice. */
  checkpointing: boolean;
  /** Which tokens get logits, and are in the NLL on the chosen side. */
  logits: "all" | "answers";
  /** A second model that scores in the step, or its log-probs from before. */
  reference: "model" | "cached";
}

/** A pair as the peer reads it: whole sequences, each ending in its answer. */
export interface PeerCase {
  /** Tokens of either answer. */
  answer: number;
  chosen: readonly number[];
  rejected: readonly number[];
  shortChosen: readonly number[];
  shortRejected: readonly number[];
}

/** A document of one turn, as the peer reads it. */
export function peerCase(document: SequencedDocument): PeerCase {
  const [chosen, rejected] = document.sequences;
  const [{ sequences: [shortChosen, shortRejected] }] = shortTurns(document);
  return {
    answer: chosen.turnOf.filter((turn) => turn === 0).length,
    chosen: chosen.ids,
    rejected: rejected.ids,
    shortChosen: shortChosen.ids,
    shortRejected: shortRejected.ids,
  };
}

/** One measured step of the peer. */
export function peerStep(
  python: string,
  flags: PeerOptions,
  signal: AbortSignal,
): Promise<Figures> {
  return runJson({ path: python, args: [SCRIPT], flags }, signal);
}

/**
 * The versions of what the peer is made of.
 *
 * @throws {UserError} If a package is missing; the hint has the commands that install it.
 */
export async function peerVersions(
  python: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const script = "import json; from importlib.metadata import version; " +
    `print(json.dumps({name: version(name) for name in ${JSON.stringify(PACKAGES)}}))`;
  try {
    return await runJson({ path: python, args: ["-c", script], flags: {} }, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new UserError(`${python} is no Python with ${PACKAGES.join(", ")}`, {
      cause,
      hint: "python -m venv ../peer; " +
        "../peer/bin/pip install torch==2.13.0; " +
        "../peer/bin/pip install transformers==5.23.0 safetensors==0.8.0; " +
        "then give --python ../peer/bin/python",
    });
  }
}
