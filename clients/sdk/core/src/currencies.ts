// Decimals of the currencies that do not have two. Generated from protos/currencies.def by clients/sdk/tools/currencies.js;
// never edited. A browser's own list is no help: it is about what shops round to, and has none for IQD, which has three.

export const DECIMALS: Record<number, string> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};
