import { assert, assertEquals, assertRejects } from "@std/assert";
import { Random, UserError } from "../../lib/flow/mod.ts";
import { packRow } from "../../lib/model/mod.ts";
import { loadLibrary } from "../../lib/runtime/ffi/library.ts";
import { libraryPath } from "../../lib/runtime/ffi/library_path.ts";
import { Session } from "../../lib/runtime/mod.ts";
import { learn } from "../support/learn.ts";
import { randomDocument } from "../support/random_document.ts";
import { smallModel } from "../support/small_model.ts";
import { doubling } from "./graphs.ts";
import { runProgram } from "./run_program.ts";

Deno.test("a program that may call native code and no more runs graphs straight through C", async () => {
  const { code, out } = await runProgram("say_backend.ts");
  assertEquals([code, out], [0, "ffi 2 4\n"]);
});

Deno.test("the binding runs graphs where the library may not be called", async () => {
  await loadLibrary();
  const permissions = ["--allow-ffi", `--deny-ffi=${libraryPath()}`];
  const { code, out } = await runProgram("say_backend.ts", { permissions });
  assertEquals([code, out], [0, "binding 2 4\n"]);
});

Deno.test("a program that may not call native code is told what it needs", async () => {
  const { out } = await runProgram("say_backend.ts", { permissions: [] });
  assertEquals(out, "UserError: onnxruntime-node cannot be loaded\n");
});

Deno.test("the environment chooses the backend where it may be read", async () => {
  const permissions = ["--allow-ffi", "--allow-env"];
  const said = async (backend: string, allowed = permissions) => {
    const env = { LONGPO_BACKEND: backend };
    return (await runProgram("say_backend.ts", { permissions: allowed, env })).out;
  };
  assertEquals(await said("binding"), "binding 2 4\n");
  assertEquals(await said("binding", ["--allow-ffi"]), "ffi 2 4\n");
  assertEquals(await said("torch"), 'UserError: LONGPO_BACKEND is "torch"\n');
});

Deno.test("Session says how it calls the runtime, and takes the way that was asked for", async () => {
  for (const backend of ["ffi", "binding"] as const) {
    await using session = await Session.open(doubling(), { backend });
    assertEquals(session.backend, backend);
  }
  await assertRejects(
    () => Session.open(doubling(), { backend: "ffi", device: "webgpu" }),
    UserError,
    "The backend ffi cannot run on webgpu",
  );
});

Deno.test("both backends give the same loss and gradients, bit for bit", async () => {
  const model = smallModel({ layers: 3 });
  const rows = [1, 2].map((seed) =>
    packRow([
      randomDocument(new Random(seed), {
        id: `${seed}`,
        vocabulary: model.config.vocabSize,
        trunk: 150,
        answers: [[9, 12], [5, 4]],
      }),
    ])
  );
  const direct = await learn(model, rows, 1, { threads: 1, backend: "ffi" });
  const bound = await learn(model, rows, 1, { threads: 1, backend: "binding" });
  assertEquals(direct.results, bound.results);
  assert(direct.gradients.size > 0);
  const bits = ({ gradients }: typeof direct) =>
    [...gradients].map(([name, { buffer }]) => [name, new Uint32Array(buffer)]);
  assertEquals(bits(direct), bits(bound));
});
