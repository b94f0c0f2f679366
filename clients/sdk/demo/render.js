// Fills the shop's pages: `{{name}}` is replaced, as text, by what is known of the visit and by the shop's words.
import { WORDS } from './words.js';

const escaped = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const pick = (value, among) => (among.includes(value) ? value : among[0]);

/** Language, direction and theme that the address asks for, and the words. */
export function wordsOf(url) {
  const lang = pick(url.searchParams.get('lang'), Object.keys(WORDS));
  return { lang, dir: pick(url.searchParams.get('dir'), ['ltr', 'rtl']), theme: pick(url.searchParams.get('theme'), ['auto', 'light', 'dark']), ...WORDS[lang] };
}

export function fillPage(text, { gateway, currency, skus, user, integrity, words, url }) {
  const change = (name, value) => {
    const next = new URL(url);
    next.searchParams.set(name, value);
    return next.pathname + next.search;
  };
  const values = {
    ...words, gateway, currency, user, query: url.search,
    switchLang: change('lang', words.lang === 'en' ? 'zh' : 'en'), switchDir: change('dir', words.dir === 'rtl' ? 'ltr' : 'rtl'),
    switchTheme: change('theme', words.theme === 'dark' ? 'light' : 'dark'),
    ...Object.fromEntries(Object.entries(skus).map(([code, id]) => [`sku:${code}`, id])),
    ...Object.fromEntries(Object.entries(integrity).map(([file, one]) => [`integrity:${file}`, one.integrity])),
  };
  return text.replace(/\{\{([\w:.-]+)\}\}/g, (_, name) => {
    if (values[name] === undefined) throw new Error(`the page names ${name}, which nobody knows`);
    return escaped(values[name]);
  });
}
