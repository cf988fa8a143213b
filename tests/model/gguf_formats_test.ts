import { assert, assertEquals } from "@std/assert";
import { formats } from "../../lib/model/gguf/formats.ts";
import { openGguf } from "../../lib/model/gguf/gguf_file.ts";
import { separateRows } from "../../lib/model/gguf/interleaved_rows.ts";
import { readSafetensors } from "../../lib/model/mod.ts";

const GOLDEN = new URL("../golden/gguf/", import.meta.url).pathname;

const { tensors: expected } = await readSafetensors(`${GOLDEN}formats.safetensors`);

for (const name of Object.keys(formats)) {
  Deno.test(`GgufFile gives ${name} weights bit by bit as llama.cpp's package does`, async () => {
    await using file = await openGguf(`${GOLDEN}formats.gguf`);
    const { shape, data } = expected.get(name)!;
    assertEquals(file.tensors.get(name)!.shape, shape);
    assertEquals(file.tensors.get(name)!.type, name);
    const pieces = await Array.fromAsync(file.pieces(name), (piece) => piece.slice());
    assertEquals(pieces.length, 1);
    const [numbers] = pieces;
    assertEquals(new Uint32Array(numbers.buffer), new Uint32Array(data.buffer.slice(0)));
    assert(new Set(numbers).size > 30);
  });
}

/** A GGUF file with one tensor of float32. */
function ggufOf(name: string, numbers: Float32Array<ArrayBuffer>): Blob {
  const text = (value: string) => [u64(value.length), new TextEncoder().encode(value)];
  const u32 = (value: number) => new Uint32Array([value]);
  const u64 = (value: number) => new BigUint64Array([BigInt(value)]);
  const [STRING, F32] = [8, 0];
  const header = [
    ...[new TextEncoder().encode("GGUF"), u32(3), u64(1), u64(1)],
    ...[...text("general.architecture"), u32(STRING), ...text("llama")],
    ...[...text(name), u32(1), u64(numbers.length), u32(F32), u64(0)],
  ];
  const { size } = new Blob(header);
  return new Blob([...header, new Uint8Array(-size & 31), numbers]);
}

Deno.test("GgufFile gives long tensors in pieces", async () => {
  const numbers = Float32Array.from({ length: 150_000 }, (_, at) => at / 7);
  const path = await Deno.makeTempFile({ suffix: ".gguf" });
  try {
    await Deno.writeFile(path, ggufOf("line", numbers).stream());
    await using file = await openGguf(path);
    const pieces = await Array.fromAsync(file.pieces("line"), (piece) => piece.slice());
    assert(pieces.length > 1);
    assertEquals(pieces.flatMap((piece) => [...piece]), [...numbers]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("formats has an oracle for each", () => {
  assertEquals([...expected.keys()].sort(), Object.keys(formats).sort());
});

Deno.test("separateRows moves neighbours of a head half a head apart", () => {
  const rows = (numbers: number[]) => new Float32Array(numbers.flatMap((row) => [row, row + 0.5]));
  const matrix = rows([0, 1, 2, 3, 10, 11, 12, 13]);
  separateRows(matrix, 4, 2);
  assertEquals(matrix, rows([0, 2, 1, 3, 10, 12, 11, 13]));
});
