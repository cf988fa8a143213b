/**
 * What a row's forward keeps for its backward.
 *
 * @module
 */

import type { Tensors } from "../../runtime/mod.ts";
import type { RowBuffers } from "../row_buffers.ts";

/** Values of layers between forward and backward: the last that are put are taken first. */
export interface KeptLayers extends AsyncDisposable {
  /** Takes over a layer's values; done when there is room for the next layer's. */
  put(values: Tensors): Promise<void>;
  /** Ends the forward: what was put can be taken from now on, unless this fails. */
  turn(): Promise<void>;
  /** Gives over the values that were put last of those that are left. */
  take(): Promise<Tensors>;
  /** Forgets what is left of a row. */
  clear(): Promise<void>;
}

/** What stores of layers' values are made from. */
export interface KeptOptions {
  /** Where values live, and go back to when they are not in memory. */
  buffers: RowBuffers;
  /** The file of what is not in memory. @default {one in the system's temporary folder} */
  file?: string;
}

/** Makes a store of layers' values ready. */
export type OpenKept = (options: KeptOptions) => Promise<KeptLayers>;
