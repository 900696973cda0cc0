/** An SVG as PNG, `zoom` pixels a point; where `background` is absent it's transparent. */
export function renderPng(svg: string, options: { readonly zoom: number; readonly background?: string }): Uint8Array;
