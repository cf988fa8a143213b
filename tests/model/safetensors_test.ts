import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import {
  openSafetensors,
  readSafetensors,
  type Tensor,
  type TensorSource,
  writeSafetensors,
} from "../../lib/model/mod.ts";

async function withFile(use: (path: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await use(`${folder}/t.safetensors`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A file of our own making: header text or object, then so many bytes of data. */
async function writeRaw(path: string, header: unknown, dataSize: number, claimed?: bigint) {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + dataSize);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  bytes.set(json, 8);
  await Deno.writeFile(path, bytes);
}

const f32 = (...numbers: number[]) => new Float32Array(numbers);

Deno.test("writeSafetensors writes what readSafetensors reads", async () => {
  const tensors = new Map<string, Tensor>([
    ["odd bytes", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 255) }],
    ["matrix", { dtype: "F32", shape: [2, 2], data: f32(1.5, -0, 3e38, 1e-45) }],
    ["step", { dtype: "I64", shape: [], data: BigInt64Array.of(-(2n ** 62n)) }],
    ["counts", { dtype: "I32", shape: [1, 2], data: Int32Array.of(-7, 2 ** 31 - 1) }],
    ["empty", { dtype: "F32", shape: [0, 4], data: f32() }],
    ["__proto__", { dtype: "U8", shape: [1], data: Uint8Array.of(9) }],
  ]);
  await withFile(async (path) => {
    await writeSafetensors(path, tensors, { metadata: { format: "pt", note: "ä" } });
    const read = await readSafetensors(path);
    assertEquals(read.metadata, { format: "pt", note: "ä" });
    assertEquals(new Set(read.tensors.keys()), new Set(tensors.keys()));
    for (const [name, tensor] of tensors) assertEquals(read.tensors.get(name), tensor);
  });
});

Deno.test("writeSafetensors aligns the header and every tensor", async () => {
  await withFile(async (path) => {
    await writeSafetensors(
      path,
      new Map<string, Tensor>([
        ["a", { dtype: "U8", shape: [5], data: new Uint8Array(5) }],
        ["b", { dtype: "F16", shape: [1], data: f32(1) }],
        ["c", { dtype: "F32", shape: [1], data: f32(1) }],
        ["d", { dtype: "I64", shape: [1], data: BigInt64Array.of(1n) }],
      ]),
    );
    const bytes = await Deno.readFile(path);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    assertEquals(length % 8, 0);
    await using file = await openSafetensors(path);
    const begins = Object.fromEntries([...file.tensors].map(([name, { begin }]) => [name, begin]));
    assertEquals(begins, { d: 0, c: 8, b: 12, a: 14 });
    assert(
      ![...Deno.readDirSync(path.replace(/\/[^/]*$/, ""))].some(({ name }) =>
        name.endsWith(".part")
      ),
    );
  });
});

Deno.test("writeSafetensors rounds to F16 and BF16 to nearest, ties to even", async () => {
  const data = f32(1, 1 + 2 ** -9, 1 + 3 * 2 ** -9, -3.1415927, 65504, 1e-8, 0.1);
  await withFile(async (path) => {
    await writeSafetensors(
      path,
      new Map<string, Tensor>([
        ["half", { dtype: "F16", shape: [7], data }],
        ["brain", { dtype: "BF16", shape: [7], data }],
      ]),
    );
    const { tensors } = await readSafetensors(path);
    assertEquals(
      tensors.get("half")!.data,
      f32(1, 1 + 2 ** -9, 1 + 3 * 2 ** -9, -3.140625, 65504, 0, 0.0999755859375),
    );
    // Numbers that torch.tensor(data).bfloat16() gives.
    assertEquals(
      tensors.get("brain")!.data,
      f32(1, 1, 1.0078125, -3.140625, 65536, 1.0011717677116394e-8, 0.10009765625),
    );
  });
});

Deno.test("writeSafetensors keeps NaN in half precision what it is", async () => {
  await withFile(async (path) => {
    const words = Uint32Array.of(0x7f800001, 0xffffffff, 0x7f800000);
    const data = new Float32Array(words.buffer);
    const tensor: Tensor = { dtype: "BF16", shape: [3], data };
    await writeSafetensors(path, new Map([["x", tensor]]));
    const read = [...(await readSafetensors(path)).tensors.get("x")!.data];
    assertEquals(read, [NaN, NaN, Infinity]);
  });
});

Deno.test("writeSafetensors refuses what overflows F16 and leaves no file", async () => {
  await withFile(async (path) => {
    const tensor: Tensor = { dtype: "F16", shape: [2], data: f32(1, 70000) };
    const write = () => writeSafetensors(path, new Map([["big.weight", tensor]]));
    await assertRejects(write, UserError, `Tensor "big.weight" holds 70000`);
    assertEquals([...Deno.readDirSync(path.replace(/\/[^/]*$/, ""))], []);
  });
});

Deno.test("writeSafetensors refuses numbers that do not fit shape or format", async () => {
  await withFile(async (path) => {
    const write = (tensor: Tensor) => () => writeSafetensors(path, new Map([["x", tensor]]));
    await assertRejects(write({ dtype: "F32", shape: [3], data: f32(1) }), TypeError, "[3]");
    await assertRejects(
      write({ dtype: "I32", shape: [1], data: f32(1) }),
      TypeError,
      "is to be I32, but is a Float32Array",
    );
  });
});

Deno.test("writeSafetensors fetches numbers one tensor at a time, and checks what comes", async () => {
  await withFile(async (path) => {
    const fetched: string[] = [];
    const source = (name: string, shape: number[]): [string, TensorSource] => [name, {
      dtype: "F32",
      shape,
      async data() {
        const { size } = await Deno.stat(`${path}.part`);
        fetched.push(`${name} after ${size > 4000 ? "the one before" : "the header"}`);
        return new Float32Array(1000).fill(7);
      },
    }];
    await writeSafetensors(path, new Map([source("a", [1000]), source("b", [10, 100])]));
    assertEquals(fetched, ["a after the header", "b after the one before"]);
    const { tensors } = await readSafetensors(path);
    for (const { data } of tensors.values()) assertEquals(data, new Float32Array(1000).fill(7));

    const before = await Deno.readFile(path);
    const wrong = () => writeSafetensors(path, new Map([source("c", [3])]));
    await assertRejects(wrong, TypeError, '"c" has the shape [3], but 1000 numbers');
    assertEquals(await Deno.readFile(path), before);
    await assertRejects(() => Deno.stat(`${path}.part`), Deno.errors.NotFound);
  });
});

Deno.test("writeSafetensors leaves the old file when it is stopped", async () => {
  await withFile(async (path) => {
    const tensors = new Map<string, Tensor>([["x", { dtype: "F32", shape: [1], data: f32(1) }]]);
    await writeSafetensors(path, tensors);
    const before = await Deno.readFile(path);
    const signal = AbortSignal.abort();
    await assertRejects(() => writeSafetensors(path, tensors, { signal }), DOMException);
    assertEquals(await Deno.readFile(path), before);
    assertEquals([...Deno.readDirSync(path.replace(/\/[^/]*$/, ""))].length, 1);
  });
});

const entry = (shape: number[], begin: number, end: number, dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

const WRONG: [name: string, header: unknown, dataSize: number, message: string][] = [
  ["no JSON", "{hello", 0, "has a header that is no JSON"],
  ["a list", [], 0, "it is not an object"],
  ["a cut file", { x: entry([4], 0, 16) }, 10, `ends inside or before tensor "x": it needs 16`],
  ["an overlap", { x: entry([2], 0, 8), y: entry([2], 4, 12) }, 12, `"y" overlaps tensor "x"`],
  ["a gap", { x: entry([1], 0, 4), y: entry([1], 8, 12) }, 12, `4 bytes of no tensor before "y"`],
  ["bytes at the end", { x: entry([1], 0, 4) }, 6, "2 bytes of no tensor at its end"],
  ["a wrong size", { x: entry([3], 0, 8) }, 8, "is F32 [3], 12 bytes, but its offsets hold 8"],
  ["offsets backwards", { x: entry([2], 8, 0) }, 8, "but its offsets hold -8"],
  ["a negative offset", { x: entry([2], -8, 0) }, 8, "has the offsets [-8,0]"],
  ["an unknown dtype", { x: entry([2], 0, 8, "F99") }, 8, "has the unknown dtype F99"],
  ["an inherited dtype", { x: entry([2], 0, 8, "constructor") }, 8, "unknown dtype constructor"],
  ["a negative size", { x: entry([-2], 0, 8) }, 8, "has the shape [-2]"],
  ["an endless shape", { x: entry([2 ** 40, 2 ** 40], 0, 8) }, 8, "but its offsets hold 8"],
  ["no shape", { x: { dtype: "F32", data_offsets: [0, 8] } }, 8, "has the shape undefined"],
  ["no entry", { x: 3 }, 8, `tensor "x" has no description`],
  ["odd metadata", { __metadata__: { a: 1 } }, 0, "strings only"],
  [
    "a tensor twice",
    `{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},` +
    `"x" : {"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`,
    1,
    `holds the tensor "x" twice`,
  ],
];

for (const [name, header, dataSize, message] of WRONG) {
  Deno.test(`openSafetensors refuses ${name}`, async () => {
    await withFile(async (path) => {
      await writeRaw(path, header, dataSize);
      const error = await assertRejects(() => openSafetensors(path), UserError);
      assertStringIncludes(error.message, path);
      assertStringIncludes(error.message, message);
    });
  });
}

Deno.test("openSafetensors does not believe a header that claims gigabytes", async () => {
  await withFile(async (path) => {
    await writeRaw(path, {}, 4, 2n ** 40n);
    await assertRejects(
      () => openSafetensors(path),
      UserError,
      `${path} claims a header of 1099511627776 bytes, but the file has 14`,
    );
  });
});

Deno.test("openSafetensors names a missing file and a file of nothing", async () => {
  await withFile(async (path) => {
    await assertRejects(() => openSafetensors(path), UserError, `There is no file ${path}`);
    await Deno.writeFile(path, new Uint8Array(3));
    await assertRejects(() => openSafetensors(path), UserError, "has 3 bytes: too few");
  });
});

Deno.test("openSafetensors knows a pointer of Git LFS", async () => {
  await withFile(async (path) => {
    await Deno.writeTextFile(path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
    const error = await assertRejects(() => openSafetensors(path), UserError);
    assertStringIncludes(error.hint!, "git lfs pull");
  });
});

Deno.test("SafetensorsFile.read names a tensor that is not there or not read here", async () => {
  await withFile(async (path) => {
    await writeRaw(path, { x: entry([8], 0, 8, "F8_E4M3") }, 8);
    await using file = await openSafetensors(path);
    await assertRejects(() => file.read("y"), UserError, `${path} has no tensor "y"`);
    await assertRejects(() => file.read("x"), UserError, `tensor "x" is F8_E4M3`);
  });
});

Deno.test("SafetensorsFile.read notices that the file was cut after it was opened", async () => {
  await withFile(async (path) => {
    await writeRaw(path, { x: entry([4], 0, 16) }, 16);
    await using file = await openSafetensors(path);
    await Deno.truncate(path, 70);
    await assertRejects(() => file.read("x"), UserError, `ends inside tensor "x"`);
  });
});
