// What the elements say. `{name}` is filled in; reasons are those of PayError.
import en from './texts-en.js';
import zh from './texts-zh.js';

export type Texts = typeof en;

const known: Record<string, Texts> = { en, zh };

/** Adds a language, or changes what one says: what is not given stays, or is as in the language around it, or English. */
export function addTexts(language: string, texts: { [name in keyof Texts]?: Texts[name] }): void {
  known[language] = { ...textsOf(language), ...texts };
}

/** The texts of a language tag: `zh-Hant-HK` is looked for as such, then as `zh`; without any, English. */
export function textsOf(tag: string): Texts {
  for (let name = tag; name; name = name.slice(0, Math.max(0, name.lastIndexOf('-')))) {
    const found = known[name];
    if (found) return found;
  }
  return en;
}

/** The language of what is around an element; a tag that is none (`en_US`) counts as none. */
export function languageOf(element: Element): string | undefined {
  try {
    return Intl.getCanonicalLocales((element.closest('[lang]') ?? document.documentElement).getAttribute('lang') ?? [])[0];
  } catch {
    return undefined;
  }
}

export const fill = (text: string, values: Record<string, string>): string => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
