import { type ArtifactFiles, OPTIMIZER_PATHS, type OPTIMIZER_SCALARS } from "../onnx/mod.ts";
import { floats, floatScalar, floatsOf, openAll, Session } from "../runtime/mod.ts";
import type { HostTensor, SessionOptions } from "../runtime/mod.ts";
import { type MomentPart, partBounds } from "./moments/moment_store.ts";

type Numbers = Float32Array<ArrayBuffer>;

/** The numbers of an update that are the same for all of a parameter. */
export type UpdateScalars = Readonly<Record<typeof OPTIMIZER_SCALARS[number], number>>;

const vector = (numbers: Numbers): HostTensor => floats(numbers, [numbers.length]);

/** The optimiser's graphs; they are given a part of a parameter at a time, so that they need no room. */
export class UpdateGraphs implements AsyncDisposable {
  readonly #sessions: { update: Session; sumOfSquares: Session };

  private constructor(sessions: { update: Session; sumOfSquares: Session }) {
    this.#sessions = sessions;
  }

  /** Makes the graphs ready. */
  static async open(files: ArtifactFiles, session: SessionOptions): Promise<UpdateGraphs> {
    const open = (path: string) => () => Session.open(files.get(path)!, { ...session, name: path });
    const sessions = await openAll({
      update: open(OPTIMIZER_PATHS.update),
      sumOfSquares: open(OPTIMIZER_PATHS.sumOfSquares),
    });
    return new UpdateGraphs(sessions);
  }

  /** The sum of the squares of a gradient. */
  async sumOfSquares(gradient: Numbers): Promise<number> {
    let total = 0;
    for (const { from, to } of partBounds(gradient.length)) {
      const part = vector(gradient.subarray(from, to));
      const { sum } = await this.#sessions.sumOfSquares.run({ gradient: part });
      total += floatsOf(sum)[0];
    }
    return total;
  }

  /** Updates a parameter and its moments in place. */
  async update(
    parameter: Numbers,
    gradient: Numbers,
    moments: Iterable<MomentPart> | AsyncIterable<MomentPart>,
    scalars: UpdateScalars,
  ): Promise<void> {
    const numbers = Object.entries(scalars).map(([name, value]) => [name, floatScalar(value)]);
    const fixed: Record<string, HostTensor> = Object.fromEntries(numbers);
    for await (const { from, first, second } of moments) {
      const part = (all: Numbers) => vector(all.subarray(from, from + first.length));
      const inputs = {
        parameter: part(parameter),
        gradient: part(gradient),
        first_moment: vector(first),
        second_moment: vector(second),
      };
      await this.#sessions.update.run({ ...fixed, ...inputs }, {
        parameter_out: inputs.parameter,
        first_moment_out: inputs.first_moment,
        second_moment_out: inputs.second_moment,
      });
    }
  }

  /** Frees the sessions. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session[Symbol.asyncDispose]();
  }
}
