const BLOCK = 64 * 1024;

/** Cuts off what follows a file's last line break; returns its size, at whose end it is then. */
export async function cutToWholeLines(file: Deno.FsFile): Promise<number> {
  const size = await endOfLastLine(file);
  await file.truncate(size);
  return await file.seek(size, Deno.SeekMode.Start);
}

async function endOfLastLine(file: Deno.FsFile): Promise<number> {
  const block = new Uint8Array(BLOCK);
  let end = (await file.stat()).size;
  while (end > 0) {
    const start = Math.max(0, end - BLOCK);
    await file.seek(start, Deno.SeekMode.Start);
    const read = await file.read(block.subarray(0, end - start)) ?? 0;
    const at = block.subarray(0, read).lastIndexOf(0x0a);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}
