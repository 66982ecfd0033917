// Run a tape: the flat list of operations that an expression was compiled to. Fractions as long as the value stays
// rational, balls from there on, so that what cancels exactly cancels here.

const STEPS_AT_MOST = 5000;

class TooLong extends Error {}
class NotHere extends Error {}

function runTape(tape, arithmetic, scope) {
  const results = [];
  for (const [operation, operands, constant] of tape) {
    const given = operands.map((i) => results[i]);
    if (operation === "symbol") results.push(scope(constant));
    else if (operation === "rational") results.push(arithmetic.rational(constant));
    else if (operation === "power") results.push(arithmetic.power(given[0], constant));
    else if (operation === "integral") results.push(arithmetic.integrate(constant, scope));
    else if (operation === "loop") results.push(iterated(constant, arithmetic, scope, given));
    else results.push(arithmetic.apply(operation, given));
  }
  return results[results.length - 1];
}

function iterated(loop, arithmetic, scope, [counted, ...initial]) {
  const count = arithmetic.count(counted);
  if (count > STEPS_AT_MOST) throw new TooLong(`${count} steps are more than this page takes`);
  let state = new Map(loop.states.map((name, i) => [name, initial[i]]));
  const inner = (name) => (state.has(name) ? state.get(name) : scope(name));
  for (let i = 0; i < count; i += 1) {
    const next = loop.step.map((tape) => runTape(tape, arithmetic, inner));
    state = new Map(loop.states.map((name, k) => [name, next[k]]));
  }
  return runTape(loop.output, arithmetic, inner);
}

const BALL_FUNCTIONS = {
  exp: ballExp, log: ballLog, atan: ballAtan, erf: ballErf, sqrt: ballRoot, loggamma: ballLogGamma, c4: ballC4, tanh: ballTanh,
  asin: ballAsin,
  abs: (x) => (x.m < 0n ? negated(x) : x),
  erfc: (x, precision) => ballSum(whole(1), negated(ballErf(x, precision)), precision),
  rsqrt: (x, precision) => ballQuotient(whole(1), ballRoot(x, precision + 8), precision),
  gamma: (x, precision) => ballExp(ballLogGamma(x, precision + 20), precision),
  sinh: (x, precision) => ballExpSum(x, -1, precision),
  cosh: (x, precision) => ballExpSum(x, 1, precision),
};

const AT_INFINITY = {
  exp: (sign) => (sign > 0 ? { inf: 1 } : fraction(0n)), log: (sign) => (sign > 0 ? { inf: 1 } : UNKNOWN),
  sqrt: (sign) => (sign > 0 ? { inf: 1 } : UNKNOWN), rsqrt: (sign) => (sign > 0 ? fraction(0n) : UNKNOWN),
  abs: () => ({ inf: 1 }), erf: (sign) => fraction(BigInt(sign)), erfc: (sign) => fraction(sign > 0 ? 0n : 2n),
  tanh: (sign) => fraction(BigInt(sign)),
};

class Mixed {
  constructor(precision, fractionBits = FRACTION_BITS) {
    this.precision = precision;
    this.fractionBits = fractionBits;
    this.labels = new Map();
  }

  // A name for a number, for telling equal operations apart from others.
  label(x) {
    if (!this.labels.has(x)) this.labels.set(x, `n${this.labels.size}`);
    return this.labels.get(x);
  }

  rational(text) {
    const [p, q = "1"] = text.split("/");
    return { p: BigInt(p), q: BigInt(q) };
  }

  ball(x) { return ballOf(x, this.precision); }

  count(x) {
    if (!isFraction(x) || x.q !== 1n) throw new NotHere("the number of steps is not a whole number");
    return Number(x.p);
  }

  integrate() { throw new NotHere("an integral has no exact rule"); }

  sign(x) {
    if (isInfinite(x)) return x.inf;
    if (isFraction(x)) return x.p > 0n ? 1 : x.p < 0n ? -1 : 0;
    return ballSign(x);
  }

  kept(x) { return isFraction(x) && bits(x.p) + bits(x.q) > this.fractionBits ? this.ball(x) : x; }

  power(base, exponent) {
    if (isInfinite(base)) {
      if (exponent <= 0) return fraction(exponent === 0 ? 1n : 0n);
      return { inf: base.inf < 0 && exponent % 2 !== 0 ? -1 : 1 };
    }
    if (isFraction(base)) {
      if (base.p === 0n && exponent < 0) return UNKNOWN;
      if ((bits(base.p) + bits(base.q)) * Math.abs(exponent) <= this.fractionBits) {
        const k = BigInt(Math.abs(exponent)), p = base.p ** k, q = base.q ** k;
        return exponent < 0 ? (p < 0n ? { p: -q, q: -p } : { p: q, q: p }) : { p, q };
      }
    }
    return ballPower(this.ball(base), exponent, this.precision);
  }

  apply(operation, operands) {
    switch (operation) {
      case "add": return operands.reduce((a, b) => this.sum(a, b));
      case "mul": return operands.reduce((a, b) => this.product(a, b));
      case "max": return operands.reduce((a, b) => this.larger(a, b, 1));
      case "min": return operands.reduce((a, b) => this.larger(a, b, -1));
      case "pow": return this.generalPower(...operands);
      case "pi": return ballPi(this.precision);
      case "e": return ballE(this.precision);
      case "geometric_sum": return this.geometricSum(...operands);
      case "floor": return this.floor(operands[0]);
      default: return this.special(operation, operands);
    }
  }

  special(operation, operands) {
    const [x, second] = operands;
    if (operands.some(isInfinite)) {
      if (operation === "atan") return ballQuotient(ballOf(this.product(ballPi(this.precision), fraction(BigInt(x.inf))), this.precision), whole(2), this.precision);
      const rule = AT_INFINITY[operation];
      return rule ? rule(x.inf) : UNKNOWN;
    }
    if (isFraction(x)) {
      if (x.p === 0n && ["exp", "atan", "erf", "tanh", "sqrt", "abs"].includes(operation)) return fraction(operation === "exp" ? 1n : 0n);
      if (operation === "log" && x.p === x.q) return fraction(0n);
      if (operation === "abs") return x.p < 0n ? { p: -x.p, q: x.q } : x;
      if ((operation === "sqrt" || operation === "rsqrt") && x.p > 0n) {
        const p = wholeRoot(x.p), q = wholeRoot(x.q);
        if (p * p === x.p && q * q === x.q) return operation === "sqrt" ? { p, q } : { p: q, q: p };
      }
    }
    const { precision } = this;
    switch (operation) {
      case "polygamma": return ballPolygamma(Number(x.p), this.ball(second), precision);
      case "lambertw": return ballLambert(this.ball(x), second === undefined ? 0 : Number(second.p), precision);
      case "zeta": return ballZeta(this.ball(x), second === undefined ? whole(1) : this.ball(second), precision);
      case "harmonic": {
        const plain = second === undefined || (isFraction(second) && second.p === second.q);
        return ballHarmonic(this.ball(x), plain ? undefined : this.ball(second), precision);
      }
      default: {
        const rule = BALL_FUNCTIONS[operation];
        if (!rule) throw new NotHere(`this page has no rule for ${operation}`);
        return rule(this.ball(x), precision);
      }
    }
  }

  sum(a, b) {
    if (isInfinite(a) || isInfinite(b)) {
      if (isInfinite(a) && isInfinite(b)) return a.inf === b.inf ? a : UNKNOWN;
      const [big, other] = isInfinite(a) ? [a, b] : [b, a];
      return !isFraction(other) && isUnknown(other) ? UNKNOWN : big;
    }
    if (isFraction(a) && isFraction(b)) return this.kept(fraction(a.p * b.q + b.p * a.q, a.q * b.q));
    return ballSum(this.ball(a), this.ball(b), this.precision);
  }

  product(a, b) {
    if (isInfinite(a) || isInfinite(b)) {
      const sign = [this.sign(a), this.sign(b)];
      return sign[0] && sign[1] ? { inf: sign[0] * sign[1] } : UNKNOWN;
    }
    if (isFraction(a) && isFraction(b)) return this.kept(fraction(a.p * b.p, a.q * b.q));
    return ballProduct(this.ball(a), this.ball(b), this.precision);
  }

  larger(a, b, side) {
    if (isInfinite(a)) return a.inf === side ? a : b;
    if (isInfinite(b)) return b.inf === side ? b : a;
    if (isFraction(a) && isFraction(b)) return compareFractions(a, b) * side >= 0 ? a : b;
    const [x, y] = [this.ball(a), this.ball(b)];
    if (isUnknown(x) || isUnknown(y)) return UNKNOWN;
    const gap = ballSum(x, negated(y), this.precision), clear = ballSign(gap);
    if (clear !== null) return clear * side >= 0 ? a : b;
    const chosen = (gap.m >= 0n ? 1 : -1) * side > 0 ? x : y;
    return { m: chosen.m, e: chosen.e, r: Math.max(x.r, y.r) };
  }

  generalPower(base, exponent) {
    if (isFraction(exponent) && exponent.q === 1n && bits(exponent.p) < 40) return this.power(base, Number(exponent.p));
    if (isInfinite(base) || isInfinite(exponent)) {
      if (isInfinite(exponent)) return UNKNOWN;
      const sign = this.sign(exponent);
      return sign > 0 ? base : sign < 0 ? fraction(0n) : UNKNOWN;
    }
    if (this.sign(base) === 0) return this.sign(exponent) === 1 ? fraction(0n) : UNKNOWN;
    const { precision } = this, working = precision + 20 + Math.max(0, top(this.ball(exponent)));
    const log = ballLog(ballOf(base, working), working);
    return ballExp(ballProduct(ballOf(exponent, working), log, working), precision);
  }

  geometricSum(q, t) {
    if (isInfinite(q) || !isFraction(t) || t.q !== 1n || t.p < 0n) return UNKNOWN;
    if (t.p === 0n) return fraction(0n);
    if (isFraction(q) && q.p === q.q) return t;
    if (isFraction(q) && q.p === 0n) return fraction(1n);
    const sum = (a, b) => this.sum(a, b), product = (a, b) => this.product(a, b);
    const small = !isFraction(q) || (bits(q.p) + bits(q.q)) * Number(t.p) > this.fractionBits;
    return geometricSum(small ? this.ball(q) : q, t.p, sum, product, fraction(1n));
  }

  floor(x) {
    if (isInfinite(x)) return x;
    const down = (p, q) => (p >= 0n ? p / q : -((-p + q - 1n) / q));
    if (isFraction(x)) return fraction(down(x.p, x.q));
    if (isUnknown(x)) return UNKNOWN;
    const radius = { m: 1n, e: Math.ceil(Math.max(x.r, -8 * this.precision)), r: EXACT };
    const [left, right] = [negated(radius), radius].map((step) => ballSum(middle(x), step, 16 * this.precision));
    const at = (y) => (y.e >= 0 ? y.m << BigInt(y.e) : down(y.m, 1n << BigInt(-y.e)));
    return at(left) === at(right) ? fraction(at(left)) : UNKNOWN;
  }
}

const PRECISIONS = [96, 192, 384, 768, 1536, 3072];

// The value of a tape as a double and a sign, at whatever precision that takes. `bits` is the accuracy asked for.
function settledValue(tape, scope, accuracy = 56) {
  let found = UNKNOWN;
  for (const precision of PRECISIONS) {
    found = runTape(tape, new Mixed(precision), scope);
    if (isInfinite(found) || isFraction(found)) return found;
    if (!isUnknown(found) && (found.r === EXACT || (found.m !== 0n && found.r <= low(found) - accuracy))) return found;
    // Below the least double there is nothing to show but 0.
    if (!isUnknown(found) && joined(top(found), found.r) < -1080) return fraction(0n);
  }
  return UNKNOWN;
}

// The sign of a tape: -1, 0, 1; null where it is undefined or cannot be told.
function settledSign(tape, scope) {
  for (const precision of PRECISIONS) {
    const found = runTape(tape, new Mixed(precision), scope);
    const sign = new Mixed(precision).sign(found);
    if (sign !== null) return sign;
  }
  return null;
}
