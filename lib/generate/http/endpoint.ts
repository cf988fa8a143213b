/**
 * Where a server's interface is, and how one is let in.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";

/** A server's interface. */
export interface Endpoint {
  /** The address of one of its services, such as `chat/completions`. */
  at(service: string): string;
  /** The base address as messages and records show it: without what may be secret. */
  readonly shown: string;
  /** What goes with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether a key is among the headers. */
  readonly hasKey: boolean;
}

/**
 * Reads a base address such as `http://127.0.0.1:8000/v1`.
 *
 * @throws {UserError} If it is none.
 */
export function endpointOf(url: string, apiKey?: string): Endpoint {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base === undefined || !["http:", "https:"].includes(base.protocol)) {
    throw new UserError(`Cannot use '${url}' as the address of a server`, {
      hint: "It looks like http://127.0.0.1:8000/v1",
    });
  }
  if (base.username !== "" || base.password !== "") {
    throw new UserError(`The address of ${base.host} holds a user name or a password`, {
      hint: "Leave it out, and give a key in OPENAI_API_KEY",
    });
  }
  const path = base.pathname.replace(/\/+$/, "");
  const hasKey = apiKey !== undefined && apiKey !== "";
  return {
    at: (service) => `${base.origin}${path}/${service}${base.search}`,
    shown: `${base.origin}${path}`,
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      ...(hasKey ? { authorization: `Bearer ${apiKey}` } : {}),
    },
    hasKey,
  };
}
