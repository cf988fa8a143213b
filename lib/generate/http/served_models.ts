/**
 * What a server has to offer.
 *
 * @module
 */

import type { Endpoint } from "./endpoint.ts";

/** A hint must not take long. */
const PATIENCE = 5_000;

/** Names of the models that a server serves; undefined where it does not say. */
export async function servedModels(endpoint: Endpoint): Promise<string[] | undefined> {
  try {
    const response = await fetch(endpoint.at("models"), {
      headers: endpoint.headers,
      signal: AbortSignal.timeout(PATIENCE),
    });
    const { data }: { data: { id: string }[] } = await response.json();
    return data.map(({ id }) => id);
  } catch {
    return undefined;
  }
}
