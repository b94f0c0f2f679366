// Amounts as people read them. Only the text is made here: no sum, no price, no rounding.
import type { Money } from './contract.js';
import { DECIMALS } from './currencies.js';

const decimalsOf = (currency: string): number => Number(Object.keys(DECIMALS).find((n) => DECIMALS[Number(n)]?.includes(currency)) ?? 2);

/** The amount in the words of a language: `moneyText({ amountMinor: '1250', currency: 'EUR' }, 'en')` is `€12.50`. */
export function moneyText({ amountMinor = '0', currency = '' }: Money, locale?: string): string {
  const digits = decimalsOf(currency);
  // Up to 10^15 minor units: fewer digits than a double holds.
  return new Intl.NumberFormat(locale, { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits })
    .format(Number(amountMinor) / 10 ** digits);
}
