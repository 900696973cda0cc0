/** A mend taken out of the source again, and the test that has to notice. */
export interface Mutant {
  /** What went wrong before, in a few words. */
  readonly fault: string;
  /** The source file. */
  readonly file: string;
  /** The mend: a text that the file has once. */
  readonly mend: string;
  /** What takes its place: the code as it was, or as if nobody had thought of it. */
  readonly without: string;
  /** The test file, */
  readonly test: string;
  /** and which of its tests: a part of their names. */
  readonly named: string;
}

/** A row of the faults that were found by breaking the product on purpose, each mend of which has a test. */
export interface FaultRow {
  readonly title: string;
  readonly mutants: readonly [Mutant, ...Mutant[]];
}

/** How often a file has the text of a mend; another number than 1 means that the mend has moved. */
export function timesIn(source: string, { mend }: Pick<Mutant, "mend">): number {
  return source.split(mend).length - 1;
}

/** The file with the mend taken out. */
export function mutated(source: string, { mend, without }: Pick<Mutant, "mend" | "without">): string {
  return source.split(mend).join(without);
}
