import type { Plugin } from 'esbuild';

export const compactWgsl: Plugin;
export function compact(text: string): string;
export function compactLiterals(source: string): string;
