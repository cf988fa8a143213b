/**
 * How a row goes through a model's graphs, forward and backward.
 *
 * @module
 */

import { gradientName } from "../onnx/mod.ts";
import type { HostTensor, Tensors } from "../runtime/mod.ts";
import type { KeptLayers } from "./kept/kept_layers.ts";
import type { RowBuffers } from "./row_buffers.ts";
import { type ChainNames, type Names, ofKind } from "./segments.ts";

/** What graphs read of a row. */
export interface RowFeeds {
  /** The ids. */
  tokens: HostTensor;
  /** What layers read, by the name of their kind. */
  layers: Readonly<Record<string, Tensors>>;
  /** What the loss reads. */
  loss: Tensors;
}

/** Runs a segment's graph with the weights that it reads. */
export type RunSegment = (
  segment: string,
  feeds: Tensors,
  names: Names,
) => Promise<Record<string, HostTensor>>;

/** Both graphs of every segment. */
export interface SegmentRunner {
  /** Runs a forward graph. */
  forward: RunSegment;
  /** Runs a training graph; gradients of parameters are added where they are kept. */
  backward: RunSegment;
}

/** Adds a row's gradients and gives the outputs of the loss. */
export type RowPass = (
  feeds: RowFeeds,
  run: SegmentRunner,
  signal?: AbortSignal,
) => Promise<Record<string, HostTensor>>;

/** Where a pass has its values. */
export interface PassMemory {
  /** What the forward keeps for the backward. */
  kept: KeptLayers;
  /** Takes back what is no longer needed. */
  buffers: RowBuffers;
}

/**
 * Layer by layer: forward with little more than the layers' inputs kept, then backward.
 *
 * @param firstLayer The segment of the first layer's backward where nothing learns before it.
 */
export function layeredPass(
  names: ChainNames,
  { kept, buffers }: PassMemory,
  firstLayer?: string,
): RowPass {
  async function forward({ tokens, layers }: RowFeeds, run: SegmentRunner, signal?: AbortSignal) {
    let { hidden } = await run.forward("embed", { tokens }, names.embed);
    for (const { kind, names: own } of names.layers) {
      signal?.throwIfAborted();
      const input = hidden;
      const outputs = await run.forward(kind, { input, ...layers[kind] }, own);
      const { hidden: next, ...rest } = outputs;
      await kept.put({ input, ...rest });
      hidden = next;
    }
    return hidden;
  }

  async function backward(
    gradient: HostTensor,
    { tokens, layers }: RowFeeds,
    run: SegmentRunner,
    signal?: AbortSignal,
  ) {
    for (const [at, { kind, names: own }] of [...names.layers.entries()].reverse()) {
      signal?.throwIfAborted();
      const values = await kept.take();
      const feeds = { ...values, ...layers[kind], [gradientName("hidden")]: gradient };
      const segment = at === 0 && firstLayer ? firstLayer : kind;
      const outputs = await run.backward(segment, feeds, own);
      buffers.free({ ...values, gradient });
      gradient = outputs[gradientName("input")];
    }
    if (firstLayer) return;
    await run.backward("embed", { tokens, [gradientName("hidden")]: gradient }, names.embed);
    buffers.free({ gradient });
  }

  return async function layeredPass(feeds, run, signal) {
    try {
      const hidden = await forward(feeds, run, signal);
      await kept.turn();
      const result = await run.backward("head", { input: hidden, ...feeds.loss }, names.head);
      buffers.free({ hidden });
      const { [gradientName("input")]: gradient, ...told } = result;
      await backward(gradient, feeds, run, signal);
      return told;
    } finally {
      await kept.clear();
    }
  };
}

/** The whole model at once, as one segment; weights have the names that they have in the model. */
export function wholePass(segment: string, { embed, layers, head }: ChainNames): RowPass {
  const weights = [embed, ...layers.map(({ names }) => names), head]
    .flatMap((names) => Object.values(names));
  const names = Object.fromEntries(weights.map((name) => [name, name]));
  return function wholePass({ tokens, layers, loss }, run) {
    const ofKinds = Object.entries(layers).flatMap(([kind, tensors]) =>
      Object.entries(tensors).map(([name, tensor]) => [ofKind(kind, name), tensor] as const)
    );
    return run.backward(segment, { tokens, ...Object.fromEntries(ofKinds), ...loss }, names);
  };
}
