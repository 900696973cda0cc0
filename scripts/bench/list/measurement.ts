/** One opening of the list: milliseconds since it was opened, counts, and memory in MB. */
export interface Measurement {
  /** Until every model has a row. */
  readonly rows: number;
  /** Until the first verdict, and until all. */
  readonly first: number;
  readonly all: number;
  /** The longest time in which nothing else got a turn. */
  readonly longest: number;
  readonly judgings: number;
  readonly requests: number;
  /** What is kept at the end, and the most that the process had of the machine. */
  readonly heapMb: number;
  readonly rssMb: number;
}
