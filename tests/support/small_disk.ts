/** Runs a system program and tells whether it did well. */
async function system(program: string, ...args: string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

/** A folder on a disk of its own, with room for so many kilobytes; `false` where none can be made. */
export async function onDisk(
  kilobytes: number,
  use: (disk: string) => Promise<void>,
): Promise<boolean> {
  const disk = await Deno.makeTempDir({ prefix: "longpo-disk" });
  const size = `size=${kilobytes}k`;
  const mounted = Deno.build.os === "linux" &&
    await system("mount", "-t", "tmpfs", "-o", size, "tmpfs", disk);
  try {
    if (mounted) await use(disk);
    return mounted;
  } finally {
    if (mounted) await system("umount", disk);
    await Deno.remove(disk, { recursive: true });
  }
}

/** Whether disks can be made here, which only root can. */
export const canMount: boolean = await onDisk(64, () => Promise.resolve());
if (!canMount) console.warn("Skipped: a full disk cannot be made here, as mounting takes root");
