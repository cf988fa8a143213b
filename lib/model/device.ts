import { add, Graph, modelBytes } from "../onnx/mod.ts";
import { type Device, type DeviceChoice, resolveDevice } from "../runtime/mod.ts";

/**
 * Finds the device that was asked for, trying it with a graph of one addition.
 *
 * @throws {UserError} If a device that was asked for by name cannot be used here.
 */
export function findDevice(choice: DeviceChoice): Promise<Device> {
  const g = new Graph("probe");
  const x = g.input("x", "float32", [1]);
  g.output("twice", add(g, x, x));
  return resolveDevice(choice, modelBytes(g));
}
