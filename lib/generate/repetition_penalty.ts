/**
 * Logits under a repetition penalty, which CTRL introduced ([Keskar et al.
 * 2019](https://arxiv.org/abs/1909.05858)) and transformers and vLLM define alike: those of tokens
 * that were there before are divided by it where they are positive, else multiplied with it.
 *
 * @param logits float32 `[vocabulary]`, not changed.
 */
export function penalised(
  logits: Float32Array,
  seen: ReadonlySet<number>,
  penalty: number,
): Float32Array {
  const changed = logits.slice();
  for (const id of seen) changed[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
  return changed;
}
