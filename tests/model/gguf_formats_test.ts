import { assert, assertEquals } from "@std/assert";
import { formats } from "../../lib/model/gguf/formats.ts";
import { openGguf } from "../../lib/model/gguf/gguf_file.ts";
import { separateRows } from "../../lib/model/gguf/interleaved_rows.ts";
import { readSafetensors } from "../../lib/model/mod.ts";

const GOLDEN = new URL("../golden/gguf/", import.meta.url).pathname;

const { tensors: expected } = await readSafetensors(`${GOLDEN}formats.safetensors`);

for (const name of Object.keys(formats)) {
  Deno.test(`GgufFile.read gives ${name} weights bit by bit as llama.cpp's package does`, async () => {
    await using file = await openGguf(`${GOLDEN}formats.gguf`);
    const { shape, data } = expected.get(name)!;
    assertEquals(file.tensors.get(name)!.shape, shape);
    assertEquals(file.tensors.get(name)!.type, name);
    const numbers = await file.read(name);
    assertEquals(new Uint32Array(numbers.buffer), new Uint32Array(data.buffer.slice(0)));
    assert(new Set(numbers).size > 30);
  });
}

Deno.test("formats has an oracle for each", () => {
  assertEquals([...expected.keys()].sort(), Object.keys(formats).sort());
});

Deno.test("separateRows moves neighbours of a head half a head apart", () => {
  const rows = (numbers: number[]) => new Float32Array(numbers.flatMap((row) => [row, row + 0.5]));
  const matrix = rows([0, 1, 2, 3, 10, 11, 12, 13]);
  separateRows(matrix, 4, 2);
  assertEquals(matrix, rows([0, 2, 1, 3, 10, 12, 11, 13]));
});
