/** A row-major tensor as recorded. */
export interface GoldenTensor {
  shape: readonly number[];
  data: Float32Array<ArrayBuffer>;
}

interface TensorEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * Reads a whole safetensors file of float32 tensors.
 *
 * The records of the tests do not go through the reader of `lib/model`, which they test.
 */
export async function readFloat32Tensors(file: URL): Promise<Map<string, GoldenTensor>> {
  const { buffer } = await Deno.readFile(file);
  const headerLength = Number(new DataView(buffer).getBigUint64(0, true));
  const dataStart = 8 + headerLength;
  const header = JSON.parse(new TextDecoder().decode(buffer.slice(8, dataStart)));

  const tensors = new Map<string, GoldenTensor>();
  for (const [name, entry] of Object.entries<TensorEntry>(header)) {
    if (name === "__metadata__") continue;
    if (entry.dtype !== "F32") throw new Error(`${file}: ${name} is ${entry.dtype}, not F32`);
    const [start, end] = entry.data_offsets;
    const data = new Float32Array(buffer.slice(dataStart + start, dataStart + end));
    tensors.set(name, { shape: entry.shape, data });
  }
  return tensors;
}
