/**
 * Where graphs run.
 *
 * @module
 */

import { UserError } from "../flow/user_error.ts";
import { loadOnnxRuntime } from "./onnxruntime.ts";

/** What a person may ask for. */
export type DeviceChoice = "cpu" | "webgpu" | "cuda" | "auto";

/** What was found. */
export type Device = "cpu" | "webgpu" | "cuda";

const NEEDS: Record<Exclude<Device, "cpu">, string> = {
  cuda: "install the CUDA libraries of onnxruntime-node (its install script, on Linux x64, with " +
    "CUDA 12 and cuDNN), or choose --device cpu",
  webgpu: "a GPU driver with Vulkan, Metal or Direct3D 12 is needed, or choose --device cpu",
};

/** What WebGPU cannot do without on Linux; the runtime would complain to the terminal by itself. */
function missingLibrary(device: Device): string | undefined {
  if (device !== "webgpu" || Deno.build.os !== "linux") return undefined;
  try {
    Deno.dlopen("libvulkan.so.1", {}).close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Why a device does not work; nothing where it does. */
async function works(device: Device, probe: Uint8Array): Promise<string | undefined> {
  const missing = missingLibrary(device);
  if (missing !== undefined) return missing;
  const ort = await loadOnnxRuntime();
  try {
    const session = await ort.InferenceSession.create(probe, {
      executionProviders: [device],
      logSeverityLevel: 4,
    });
    await session.release();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.split("\n")[0] : String(error);
  }
}

/**
 * Finds the device that was asked for; `auto` takes CUDA where it works, else the CPU.
 *
 * WebGPU has to be asked for: it has no kernel for the loops that attention and head are made of, so
 * that the CPU would run those, and each value would cross twice.
 *
 * @param probe Bytes of any small model, to try a device with.
 * @throws {UserError} If the device that was asked for by name cannot be used here.
 */
export async function resolveDevice(choice: DeviceChoice, probe: Uint8Array): Promise<Device> {
  if (choice === "cpu") return "cpu";
  if (choice === "auto") {
    return await works("cuda", probe) === undefined ? "cuda" : "cpu";
  }
  const trouble = await works(choice, probe);
  if (trouble === undefined) return choice;
  throw new UserError(`--device ${choice} cannot be used here: ${trouble}`, {
    hint: NEEDS[choice],
  });
}
