// A seeded source of chance: the same seed, the same script.
export class Random {
  constructor(seed) {
    this.state = (Number(seed) >>> 0) || 1;
  }

  // xorshift32: a number in [0, 1).
  next() {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    this.state >>>= 0;
    return this.state / 2 ** 32;
  }

  below(n) {
    return Math.floor(this.next() * n);
  }

  chance(share) {
    return this.next() < share;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  // One of the keys, by the weights.
  weighted(weights) {
    let at = this.next() * Object.values(weights).reduce((a, b) => a + b, 0);
    for (const [key, weight] of Object.entries(weights)) {
      at -= weight;
      if (at < 0) return key;
    }
    return Object.keys(weights)[0];
  }
}
