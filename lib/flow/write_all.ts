/** What bytes are written to: a file, stdout, or a socket. */
export interface ByteWriter {
  /** Writes some of the bytes and tells how many; may be fewer than given. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes all of the bytes: a pipe that is nearly full takes a part of what it is given. */
export async function writeAll(writer: ByteWriter, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await writer.write(bytes.subarray(written));
  }
}
