/** Leaves a failure to whoever waits for the work, however late that is. */
export function underway<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}
