/** The part of `node:fs/promises` that is used, which Deno has as well. */
export interface Files {
  readFile(path: string | URL): Promise<Uint8Array>;
  readFile(path: string, encoding: 'utf8'): Promise<string>;
  writeFile(path: string, text: string): Promise<void>;
}

/** Files, in Node and Deno. */
export function files(): Promise<Files> {
  // In a variable, so that bundlers for pages leave the import alone.
  const moduleName = 'node:fs/promises';
  return import(/* @vite-ignore */ moduleName);
}
