import type { en } from './en/index.ts';

/** All texts of the page in one language. English decides what there is; every other language is checked against it. */
export type Text = typeof en;
export type Common = Text['common'];
export type SectionName = keyof Text['sections'];

export type Language = 'en' | 'ko';

/** Each language with its own name. */
export const languages: readonly (readonly [Language, string])[] = [
  ['en', 'English'],
  ['ko', '한국어'],
];

/** `?lang=ko` decides; without it, English. */
export function chosenLanguage(): Language {
  return new URLSearchParams(location.search).get('lang') === 'ko' ? 'ko' : 'en';
}

export async function readTexts(language: Language): Promise<Text> {
  return language === 'ko' ? (await import('./ko/index.ts')).ko : (await import('./en/index.ts')).en;
}

/** Puts values into a text's places: `fillIn('{count} steps', { count: 3 })`. */
export function fillIn(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

/** What went wrong, in words: errors of the library say themselves what was given and what was expected. */
export function failure(common: Common, error: unknown): string {
  return fillIn(common.failed, { reason: error instanceof Error ? error.message : String(error) });
}
