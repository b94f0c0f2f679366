// What the channel keeps of a payment: one rule that tests set, nothing unless they do.
const isCount = (number) => Number.isSafeInteger(number) && number >= 0;

export class Fees {
  constructor(rule = {}) {
    this.set(rule);
  }

  // Of payments that succeed from now on.
  set({ basis_points = 0, fixed_minor = 0 }) {
    if (!isCount(basis_points) || !isCount(fixed_minor)) {
      throw new Error('a fee is whole basis points and a fixed amount');
    }
    this.rule = { basis_points, fixed_minor };
  }

  // Half up, and never more than the payment.
  of(amountMinor) {
    const share = (BigInt(amountMinor) * BigInt(this.rule.basis_points) + 5000n) / 10000n;
    return Math.min(amountMinor, Number(share) + this.rule.fixed_minor);
  }
}
