import { type ArtifactFiles, OPTIMIZER_PATHS, type OPTIMIZER_SCALARS } from "../onnx/mod.ts";
import { floats, floatScalar, Session } from "../runtime/mod.ts";
import type { HostTensor, SessionOptions } from "../runtime/mod.ts";
import type { MomentPart } from "./moments/moment_store.ts";
import type { WeightParts } from "./weight_parts.ts";

type Numbers = Float32Array<ArrayBuffer>;

/** The numbers of an update that are the same for all of a parameter. */
export type UpdateScalars = Readonly<Record<typeof OPTIMIZER_SCALARS[number], number>>;

const vector = (numbers: Numbers): HostTensor => floats(numbers, [numbers.length]);

/** The optimiser's graph; it is given a part of a parameter at a time, so that it needs no room. */
export class UpdateGraph implements AsyncDisposable {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  /** Makes the graph ready. */
  static async open(files: ArtifactFiles, session: SessionOptions): Promise<UpdateGraph> {
    const { update: name } = OPTIMIZER_PATHS;
    return new UpdateGraph(await Session.open(files.get(name)!, { ...session, name }));
  }

  /** Updates a parameter and its moments in place. */
  async update(
    parameter: WeightParts,
    gradient: Numbers,
    moments: Iterable<MomentPart> | AsyncIterable<MomentPart>,
    scalars: UpdateScalars,
  ): Promise<void> {
    const numbers = Object.entries(scalars).map(([name, value]) => [name, floatScalar(value)]);
    const fixed: Record<string, HostTensor> = Object.fromEntries(numbers);
    for await (const { from, first, second } of moments) {
      const inputs = {
        parameter: vector(parameter.open(from, first.length)),
        gradient: vector(gradient.subarray(from, from + first.length)),
        first_moment: vector(first),
        second_moment: vector(second),
      };
      await this.#session.run({ ...fixed, ...inputs }, {
        parameter_out: inputs.parameter,
        first_moment_out: inputs.first_moment,
        second_moment_out: inputs.second_moment,
      });
      parameter.close();
    }
  }

  /** Frees the session. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
