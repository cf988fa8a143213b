/**
 * Running graphs with onnxruntime: sessions, devices and tensors.
 *
 * @module
 */

export * from "./device.ts";
export * from "./open_all.ts";
export * from "./session.ts";
export * from "./tensor.ts";
