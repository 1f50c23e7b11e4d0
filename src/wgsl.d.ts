// What TypeScript cannot see by itself: shaders imported as text, and a package that ships no types.

declare module '*.wgsl' {
  const source: string;
  export default source;
}

declare module 'wgsl-preprocessor/wgsl-preprocessor.js' {
  /** Resolves #if / #elif / #else / #endif. A template tag, which may also be called as a plain function. */
  export function wgsl(strings: readonly string[], ...values: readonly unknown[]): string;
}
