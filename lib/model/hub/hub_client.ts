/**
 * Requests to a hub, with refusals as errors that a person can act on.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";

/** No answer came from the hub: what is in the cache may still do. */
export class HubUnreachable extends UserError {
  /** The class name, as stack traces print it. */
  override readonly name: string = "HubUnreachable";
}

/** Who asks whom for what. */
export interface HubClientOptions {
  /** Where the hub is, without a slash at the end. */
  url: string;
  /** `organisation/name`: named in errors. */
  id: string;
  /** Proves who asks. */
  token?: string;
  /** Stops a request or a download. */
  signal?: AbortSignal;
}

const TOKEN_HINT = "Make an access token in the hub's settings and set HF_TOKEN to it";

/** Asks one hub about one model. */
export class HubClient {
  /** Where the hub is. */
  readonly url: string;
  /** `organisation/name` */
  readonly id: string;
  readonly #token?: string;
  readonly #signal?: AbortSignal;

  /** Nothing is asked yet. */
  constructor({ url, id, token, signal }: HubClientOptions) {
    this.url = url;
    this.id = id;
    this.#token = token;
    this.#signal = signal;
  }

  /**
   * `fetch`, with the token for the hub itself.
   *
   * @throws {HubUnreachable} If no answer comes.
   * @throws {UserError} If the hub refuses.
   */
  readonly fetch: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    const asked = input instanceof Request ? input.url : String(input);
    if (this.#token && new URL(asked).origin === new URL(this.url).origin) {
      headers.set("Authorization", `Bearer ${this.#token}`);
    }
    const signal = this.#signal;
    let response: Response;
    try {
      response = await fetch(input, { ...init, headers, signal });
    } catch (cause) {
      signal?.throwIfAborted();
      throw this.#noAnswer(cause);
    }
    if (response.ok) return response;
    throw await this.#refusal(response);
  };

  #noAnswer(cause: unknown): Error {
    if (cause instanceof Deno.errors.NotCapable) {
      return new HubUnreachable(`${this.id} cannot be downloaded: network access is not allowed`, {
        cause,
        hint: `There is no folder ${this.id} here; to take it from the hub, run with --allow-net`,
      });
    }
    return new HubUnreachable(`${this.url} cannot be reached to download ${this.id}`, {
      cause,
      hint: `There is no folder ${this.id} here; to take it from the hub, check the connection`,
    });
  }

  async #refusal(response: Response): Promise<Error> {
    const code = response.headers.get("X-Error-Code");
    const said = response.headers.get("X-Error-Message") ?? "";
    await response.body?.cancel();
    const { status } = response;
    if (code === "GatedRepo") return this.#gated(status);
    if (code === "RevisionNotFound") {
      return new UserError(`${this.url} has ${this.id}, but not in that revision`, {
        hint: "Give a branch, a tag or a commit of it behind the @",
      });
    }
    // To who has no token the hub does not tell what is not there from what is private.
    if (status === 404 || code === "RepoNotFound" || (status === 401 && !this.#token)) {
      return new UserError(`There is no folder ${this.id}, and no such model on ${this.url}`, {
        hint: `Check the name; if the model is private: ${TOKEN_HINT}`,
      });
    }
    if (status === 401) {
      return new UserError(`${this.url} does not accept the token in HF_TOKEN`, {
        hint: TOKEN_HINT,
      });
    }
    return new UserError(`${this.url} answers ${status} to a request for ${this.id}: ${said}`, {
      hint: status === 429 || status >= 500
        ? "Try again later: what has been downloaded is kept"
        : "Check that the token in HF_TOKEN may read this model",
    });
  }

  #gated(status: number): UserError {
    const page = `${this.url}/${this.id}`;
    if (this.#token && status === 403) {
      return new UserError(`${this.id} is gated, and the token's owner has no access to it`, {
        hint: `Ask for access on ${page}`,
      });
    }
    return new UserError(`${this.id} is gated: it needs a token of someone who has access to it`, {
      hint: `Ask for access on ${page}, then set HF_TOKEN to your access token`,
    });
  }
}
