import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { add, Graph, modelBytes } from "../../lib/onnx/mod.ts";
import { type DeviceChoice, floats, resolveDevice, Session } from "../../lib/runtime/mod.ts";

function probe(): Uint8Array {
  const g = new Graph("probe");
  const x = g.input("x", "float32", [2]);
  g.output("y", add(g, x, x));
  return modelBytes(g);
}

/** The device or the error, whichever this machine has. */
async function resolved(choice: DeviceChoice): Promise<unknown> {
  return await resolveDevice(choice, probe()).catch((error) => error);
}

async function works(): Promise<void> {
  await using session = await Session.open(probe());
  const { y } = await session.run({ x: floats(Float32Array.of(1, 2), [2]) });
  assertEquals(y.data, Float32Array.of(2, 4));
}

for (const device of ["cuda", "webgpu"] as const) {
  Deno.test(`${device} is there, or a person is told what it needs`, async () => {
    const found = await resolved(device);
    if (found !== device) {
      assertInstanceOf(found, UserError);
      assert(found.message.startsWith(`--device ${device} cannot be used here: `), found.message);
      assert(!found.message.includes("\n"));
      assert(found.hint?.includes("--device cpu"));
    }
    await works();
  });
}

Deno.test("the CPU is always there, and auto takes something that is", async () => {
  assertEquals(await resolved("cpu"), "cpu");
  const found = await resolved("auto");
  assert(found === "cpu" || await resolved(found as DeviceChoice) === found);
  await works();
});

Deno.test("auto takes CUDA where it works, else the CPU", async () => {
  const cuda = await resolved("cuda");
  assertEquals(await resolved("auto"), cuda === "cuda" ? "cuda" : "cpu");
});
