/**
 * A stand-in for `jsr:@std/cli`, so that a clone runs where only npm can be reached.
 *
 * It keeps std's names and signatures, holds only what is used here and is never published: who
 * takes the package from JSR gets the real one, and hosted CI tests with it.
 *
 * @module
 */

export * from "./parse_args.ts";
