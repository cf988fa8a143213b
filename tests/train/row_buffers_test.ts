import { assert, assertEquals } from "@std/assert";
import { floats } from "../../lib/runtime/mod.ts";
import { RowBuffers } from "../../lib/train/row_buffers.ts";

Deno.test("RowBuffers gives memory again that was freed, to rows that are not longer", () => {
  const buffers = new RowBuffers();
  const first = buffers.make("float32", [100, 8]);
  buffers.free({ first });
  const shorter = buffers.make("float32", [60, 2, 4]);
  assertEquals([shorter.shape, shorter.data.length], [[60, 2, 4], 480]);
  assert(shorter.data.buffer === first.data.buffer);
  // In use, so that another one is made.
  const beside = buffers.make("float32", [60, 8]);
  assert(beside.data.buffer !== first.data.buffer);
  buffers.free({ shorter, beside });
  assert(buffers.make("float32", [100, 8]).data.buffer === first.data.buffer);
});

Deno.test("RowBuffers makes anew what is too short, of another width, or no float32", () => {
  const buffers = new RowBuffers();
  const first = buffers.make("float32", [10, 8]);
  buffers.free({ first });
  const others = [
    buffers.make("float32", [10, 4]),
    buffers.make("int64", [10, 8]),
    buffers.make("float32", []),
    buffers.make("float32", [11, 8]),
  ];
  for (const { data } of others) assert(data.buffer !== first.data.buffer);
  // The longer one took its place.
  assert(buffers.make("float32", [10, 8]).data.buffer !== first.data.buffer);
});

Deno.test("RowBuffers keeps nothing that it did not make, nor anything twice", () => {
  const buffers = new RowBuffers();
  const foreign = floats(new Float32Array(80), [10, 8]);
  const own = buffers.make("float32", [10, 8]);
  buffers.free({ foreign });
  buffers.free({ own });
  buffers.free({ own });
  const [again, other] = [1, 2].map(() => buffers.make("float32", [10, 8]).data.buffer);
  assert(again === own.data.buffer);
  assert(other !== own.data.buffer && other !== foreign.data.buffer);
});
