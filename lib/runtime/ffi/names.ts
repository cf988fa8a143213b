import { cString } from "./c_api.ts";

/** Names as C reads them: an array of pointers to texts. */
export class Names {
  /** All texts; held so that what is pointed to stays. */
  readonly #texts: Uint8Array<ArrayBuffer>;
  /** Their addresses. */
  readonly pointers: BigUint64Array<ArrayBuffer>;

  /** @param names In the order in which they are handed over. */
  constructor(names: readonly string[]) {
    const texts = names.map(cString);
    const total = texts.reduce((sum, { length }) => sum + length, 0);
    // An array over a buffer of its own stays where it is; small arrays of the engine's may not.
    this.#texts = new Uint8Array(new ArrayBuffer(Math.max(1, total)));
    this.pointers = new BigUint64Array(texts.length);
    let address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(this.#texts));
    let offset = 0;
    for (const [at, text] of texts.entries()) {
      this.#texts.set(text, offset);
      this.pointers[at] = address;
      offset += text.length;
      address += BigInt(text.length);
    }
  }
}
