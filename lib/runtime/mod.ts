/**
 * Running graphs with onnxruntime: sessions, devices and tensors.
 *
 * @module
 */

export * from "./device.ts";
export {
  type LooksInto,
  type ObservedRun,
  observeRuns,
  type RunObserver,
  type RunOperators,
} from "./observe.ts";
export * from "./open_all.ts";
export type { BackendName } from "./backend.ts";
export type { OperatorTotal } from "./operator_totals.ts";
export type { OperatorCall, OperatorTrace } from "./operator_trace.ts";
export * from "./run_profile.ts";
export * from "./session.ts";
export {
  emptyTensor,
  floats,
  floatScalar,
  floatsOf,
  type HostTensor,
  ints,
  type MakeTensor,
  type TensorData,
  type Tensors,
} from "./tensor.ts";
