/**
 * Closing an iterator that may be in the middle of a `next()`.
 *
 * @module
 */

/**
 * Closes an iterator and waits for it, but never for one that is stuck.
 *
 * A generator that waits for input cannot run its `finally` before the input comes, so an iterator
 * whose `next()` is pending gets one turn of the event loop.
 *
 * @param iterator What to close.
 * @param pending Whether its `next()` has been called and has not answered.
 * @throws What the iterator throws on closing, unless it was pending.
 */
export async function closeIterator(
  iterator: AsyncIterator<unknown>,
  pending: boolean,
): Promise<void> {
  if (iterator.return === undefined) return;
  const closing = iterator.return();
  if (!pending) return void await closing;
  const quiet = Promise.resolve(closing).catch(() => {});
  const { promise: turn, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve);
  await Promise.race([quiet, turn]);
  clearTimeout(timer);
}
