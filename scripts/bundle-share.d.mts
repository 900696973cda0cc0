export function bundleShare(
  entry: string,
  root: string,
): Promise<{
  /** Bytes of the bundle. */
  readonly whole: number;
  /** Bytes of it that no given package brings. */
  readonly own: number;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}>;
