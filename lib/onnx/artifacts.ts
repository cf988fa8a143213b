/**
 * Training artifacts: what is written to a folder, looked at, and run again.
 *
 * @module
 */

import { whileWriting } from "../flow/system_error.ts";
import { UserError } from "../flow/user_error.ts";
import type { Graph } from "./graph.ts";
import { adamW } from "./optimizer.ts";
import { evalGraph, type Segment, trainingGraph } from "./segment.ts";
import { modelBytes } from "./serialise.ts";

/** ONNX files by their path in the artifacts' folder. */
export type ArtifactFiles = Map<string, Uint8Array<ArrayBuffer>>;

/** Of the folder's layout and of what graphs are fed with: another one's cannot be run. */
const FORMAT = 2;

/** What `manifest.json` says of a set of artifacts. */
export interface ArtifactManifest {
  /** Version of the folder's layout and of what the graphs are fed with. */
  format: number;
  /** What the graphs were built for; a step stage refuses artifacts built for something else. */
  builtFor: Record<string, unknown>;
  /** Files of each segment, in the chain's order; without a training graph where nothing learns. */
  segments: { name: string; eval: string; training?: string }[];
  /** The optimiser's file. */
  optimizer: { update: string };
}

/** The paths of a segment's graphs. */
export function segmentPaths(name: string): { eval: string; training: string } {
  return { eval: `${name}/eval_model.onnx`, training: `${name}/training_model.onnx` };
}

/** The optimiser's path. */
export const OPTIMIZER_PATHS = {
  update: "optimizer_model.onnx",
} as const;

const MANIFEST = "manifest.json";

/** Builds every graph of a chain of segments and of the optimiser. */
export function buildArtifacts(segments: readonly Segment[]): ArtifactFiles {
  const files: ArtifactFiles = new Map();
  const put = (path: string, g: Graph) => files.set(path, modelBytes(g));
  for (const segment of segments) {
    const paths = segmentPaths(segment.name);
    put(paths.eval, evalGraph(segment, { keep: true }));
    const training = trainingGraph(segment);
    if (training.outputs.length > 0) put(paths.training, training);
  }
  put(OPTIMIZER_PATHS.update, adamW());
  return files;
}

/**
 * Writes artifacts and their manifest: beside the folder first, then renamed.
 *
 * @throws {UserError} If the folder cannot be written.
 */
export async function writeArtifacts(
  folder: string,
  files: ArtifactFiles,
  builtFor: Record<string, unknown>,
): Promise<void> {
  const names = [...new Set([...files.keys()].filter((path) => path.includes("/")))]
    .map((path) => path.slice(0, path.indexOf("/")));
  const manifest: ArtifactManifest = {
    format: FORMAT,
    builtFor,
    segments: [...new Set(names)].map((name) => {
      const { eval: forward, training } = segmentPaths(name);
      return { name, eval: forward, ...(files.has(training) ? { training } : {}) };
    }),
    optimizer: OPTIMIZER_PATHS,
  };
  const part = `${folder}.part`;
  const remove = (path: string) => Deno.remove(path, { recursive: true }).catch(() => {});
  await remove(part);
  try {
    await whileWriting(folder, writeFiles(part, files, manifest));
    await remove(folder);
    await whileWriting(folder, Deno.rename(part, folder));
  } catch (error) {
    await remove(part);
    throw error;
  }
}

async function writeFiles(
  folder: string,
  files: ArtifactFiles,
  manifest: ArtifactManifest,
): Promise<void> {
  for (const [path, bytes] of files) {
    const file = `${folder}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(file, bytes);
  }
  await Deno.writeTextFile(`${folder}/${MANIFEST}`, JSON.stringify(manifest, null, 2) + "\n");
}

async function readManifest(folder: string): Promise<ArtifactManifest> {
  const path = `${folder}/${MANIFEST}`;
  const text = await Deno.readTextFile(path).catch((cause) => {
    throw new UserError(`${folder} holds no training artifacts: ${MANIFEST} cannot be read`, {
      cause,
    });
  });
  let manifest: ArtifactManifest;
  try {
    manifest = JSON.parse(text);
  } catch (cause) {
    throw new UserError(`${path} is not JSON`, { cause });
  }
  if (manifest?.format !== FORMAT) {
    throw new UserError(`${path} has format ${manifest?.format}, not ${FORMAT}`, {
      hint: "write the artifacts anew with this version",
    });
  }
  if (Array.isArray(manifest.segments) && typeof manifest.optimizer === "object") return manifest;
  throw new UserError(`${path} names no segments or no optimizer`, {
    hint: "write the artifacts anew",
  });
}

/**
 * Reads artifacts that {@linkcode writeArtifacts} wrote.
 *
 * @throws {UserError} If there are none, or a file of theirs is missing.
 */
export async function readArtifacts(
  folder: string,
): Promise<{ manifest: ArtifactManifest; files: ArtifactFiles }> {
  const manifest = await readManifest(folder);
  const paths = [
    ...manifest.segments.flatMap(({ eval: forward, training }) =>
      training === undefined ? [forward] : [forward, training]
    ),
    ...Object.values(manifest.optimizer),
  ];
  const read = async (path: string): Promise<[string, Uint8Array<ArrayBuffer>]> => {
    const bytes = await Deno.readFile(`${folder}/${path}`).catch((cause) => {
      throw new UserError(`${folder}/${path} is missing from the training artifacts`, { cause });
    });
    return [path, bytes];
  };
  return { manifest, files: new Map(await Promise.all(paths.map(read))) };
}
