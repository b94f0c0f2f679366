// Scripted faults: rules that hold for their next matches.
export class Faults {
  rules = [];

  add(list) {
    for (const rule of list) {
      this.rules.push({ times: 1, ...rule });
    }
  }

  clear() {
    this.rules = [];
  }

  // Takes the first rule that matches; null when there is none.
  take(op, merchantId) {
    const at = this.rules.findIndex(
      (rule) => rule.op === op && (!rule.merchant_payment_id || rule.merchant_payment_id === merchantId));
    if (at < 0) {
      return null;
    }
    const rule = this.rules[at];
    rule.times -= 1;
    if (rule.times === 0) {
      this.rules.splice(at, 1);
    }
    return rule;
  }
}
