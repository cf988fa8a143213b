/**
 * Prompts that begin alike, put together: what they share is computed once.
 *
 * @module
 */

/** Prompts with a common beginning. */
export interface Cluster {
  /** The beginning; shorter than each prompt, so that every branch has a token. */
  trunk: readonly number[];
  /** What is left of each prompt. */
  branches: readonly Branch[];
}

/** What one prompt has beyond its trunk. */
export interface Branch {
  /** Which prompt it is. */
  prompt: number;
  /** At least one token. */
  tokens: readonly number[];
}

/** How prompts are put together. */
export interface ClusterOptions {
  /**
   * Tokens that a cluster's branches may have together before they outgrow the trunk. Branches do
   * not see each other but are held side by side: many of them cost more than a trunk saves.
   */
  branchTokens: number;
}

function commonLength(a: readonly number[], b: readonly number[], most: number): number {
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

/** A run of prompts while it grows. */
interface Run {
  /** The first prompt's index. */
  first: number;
  count: number;
  trunkLength: number;
  shortest: number;
  /** Tokens of all prompts. */
  total: number;
}

function runOf(prompts: readonly (readonly number[])[], first: number): Run {
  const { length } = prompts[first];
  return { first, count: 1, trunkLength: length - 1, shortest: length, total: length };
}

/** The run with the next prompt, or undefined where that would not pay. */
function extended(
  run: Run,
  prompts: readonly (readonly number[])[],
  { branchTokens }: ClusterOptions,
): Run | undefined {
  const [previous, next] = [prompts[run.first], prompts[run.first + run.count]];
  const shortest = Math.min(run.shortest, next.length);
  const trunkLength = commonLength(previous, next, Math.min(run.trunkLength, next.length - 1));
  const longer = {
    ...run,
    count: run.count + 1,
    trunkLength,
    shortest,
    total: run.total + next.length,
  };
  const ownTokens = longer.total - longer.count * trunkLength;
  const pays = 2 * trunkLength > shortest && ownTokens <= Math.max(branchTokens, trunkLength);
  return pays ? longer : undefined;
}

/**
 * Puts consecutive prompts together that share more than half of the shortest of them.
 *
 * @param prompts `[prompts][tokens]`, none empty.
 */
export function clusterPrompts(
  prompts: readonly (readonly number[])[],
  options: ClusterOptions,
): Cluster[] {
  const clusters: Cluster[] = [];
  for (let first = 0; first < prompts.length;) {
    let run = runOf(prompts, first);
    while (run.first + run.count < prompts.length) {
      const longer = extended(run, prompts, options);
      if (!longer) break;
      run = longer;
    }
    const members = prompts.slice(first, first + run.count);
    clusters.push({
      trunk: members[0].slice(0, run.trunkLength),
      branches: members.map((prompt, index) => ({
        prompt: first + index,
        tokens: prompt.slice(run.trunkLength),
      })),
    });
    first += run.count;
  }
  return clusters;
}

/** How many tokens a cluster's prompts take side by side. */
export function clusterLength({ trunk, branches }: Cluster): number {
  return branches.reduce((sum, { tokens }) => sum + tokens.length, trunk.length);
}
