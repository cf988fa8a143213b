/**
 * From what a call failed with to what its caller is to know.
 *
 * @module
 */

import { StageError, UserError } from "../../flow/mod.ts";
import type { Endpoint } from "./endpoint.ts";
import { RequestError } from "./request_error.ts";
import { servedModels } from "./served_models.ts";

/** Takes off what the flow's operators put around an error, and keeps what they add to it. */
export async function explained(error: unknown, endpoint: Endpoint): Promise<unknown> {
  const failure = error instanceof StageError ? error.cause : error;
  if (!(failure instanceof Error)) return failure;
  if (failure instanceof RequestError) {
    return failure.status === 404 ? await withModels(failure, endpoint) : failure;
  }
  const { cause, message } = failure;
  // The sentence says how often it was tried; what lies beneath knows what to do about it.
  return cause instanceof RequestError
    ? new UserError(message, { hint: cause.hint, cause })
    : failure;
}

/** A server that is there but does not know the model knows others. */
async function withModels({ message }: RequestError, endpoint: Endpoint): Promise<UserError> {
  const models = await servedModels(endpoint);
  const hint = models === undefined
    ? "Is the address right? It usually ends in /v1"
    : `Models that are served there: ${models.join(", ") || "none"}`;
  return new UserError(message, { hint });
}
