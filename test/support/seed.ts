import { env } from "node:process";
import fc from "fast-check";

/**
 * What properties are tried with. The same in every run of `npm test`, so that a change is judged by what it changes;
 * `npm run fuzz` goes looking with others.
 */
fc.configureGlobal({ seed: Number(env["FUZZ_SEED"] ?? 1) });
