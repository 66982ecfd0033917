// The functions of the theorems on balls. Each takes balls and a precision in bits, and carries every error along.

const memory = new Map();

function remembered(name, working, compute) {
  const key = name + working;
  if (!memory.has(key)) memory.set(key, compute(working));
  return memory.get(key);
}

// sum of x^-(2k+1)/(2k+1), alternating for the arc tangent, as a fixed-point number.
function inverseSeries(x, working, alternating) {
  const square = BigInt(x * x);
  let term = (1n << BigInt(working)) / BigInt(x), total = 0n;
  for (let k = 0n; term !== 0n; k += 1n) {
    const part = term / (2n * k + 1n);
    total += alternating && k % 2n === 1n ? -part : part;
    term /= square;
  }
  return total;
}

const fixedLog2 = (working) => remembered("log2", working, (w) => {
  const v = w + 20;
  return (18n * inverseSeries(26, v, false) - 2n * inverseSeries(4801, v, false) + 8n * inverseSeries(8749, v, false)) >> 20n;
});
const fixedPi = (working) => remembered("pi", working, (w) => {
  const v = w + 20;
  return (16n * inverseSeries(5, v, true) - 4n * inverseSeries(239, v, true)) >> 20n;
});

const ballPi = (precision) => ({ m: fixedPi(precision), e: -precision, r: 1 - precision });
const ballE = (precision) => ballExp(whole(1), precision);

// exp of a fixed-point number of size below 1, to two units in the last place.
function fixedExp(x, working) {
  const halvings = Math.ceil(Math.sqrt(working) / 1.5);
  const w = working + halvings + 14, one = 1n << BigInt(w), shift = BigInt(w);
  const small = shifted(x, w - working - halvings);
  let term = one, total = one;
  for (let k = 1n; term !== 0n && term !== -1n; k += 1n) {
    term = ((term * small) >> shift) / k;
    total += term;
  }
  for (let i = 0; i < halvings; i += 1) total = (total * total) >> shift;
  return total >> BigInt(w - working);
}

function ballExp(x, precision) {
  if (isUnknown(x) || x.r > 0) return UNKNOWN;
  const size = Math.max(0, top(x));
  if (size > 40) return x.m < 0n ? { m: 0n, e: 0, r: -(2 ** 39) } : UNKNOWN;
  const working = precision + 2 * size + 20, unit = fixedLog2(working);
  const y = shifted(x.m, x.e + working);
  const turns = (2n * y + unit) / (2n * unit) - (2n * y + unit < 0n ? 1n : 0n);
  const m = fixedExp(y - turns * unit, working), k = Number(turns);
  const r = joined(k + 1 + size + 6 - working, x.r === EXACT ? EXACT : k + 2 + x.r);
  return rounded(m, k - working, r, precision);
}

function ballLog(x, precision) {
  if (isUnknown(x) || x.m <= 0n || !isClear(x)) return UNKNOWN;
  let n = bits(x.m);
  if (x.m * x.m < 1n << BigInt(2 * n - 1)) n -= 1;
  const k = x.e + n;
  const near = k === 0 ? Math.min(Math.max(0, n - bits(x.m - (1n << BigInt(n)))), 4 * precision) : 0;
  const working = precision + 20 + near + bits(BigInt(k));
  const f = shifted(x.m, working - n);
  const start = Math.log(Number(shifted(f, 60 - working)) / 2 ** 60);
  let y = shifted(BigInt(Math.round(start * 2 ** 60)), working - 60);
  // Halley's step triples the number of correct bits.
  for (let right = 48; right < working; right *= 3) {
    const power = fixedExp(y, working);
    y += ((f - power) * (2n << BigInt(working))) / (f + power);
  }
  const power = fixedExp(y, working);
  y += ((f - power) << BigInt(working)) / power;
  const r = joined(5 + bits(BigInt(k)) - working, x.r - low(x) + 1);
  return rounded(y + BigInt(k) * fixedLog2(working), -working, r, precision);
}

function ballAtan(x, precision) {
  if (isUnknown(x)) return UNKNOWN;
  if (x.m === 0n) return x;
  if (top(x) > 0) {
    const half = ballPi(precision + 8), flipped = ballAtan(ballQuotient(whole(1), x, precision + 8), precision + 8);
    return ballSum({ m: x.m < 0n ? -half.m : half.m, e: half.e - 1, r: half.r - 1 }, negated(flipped), precision);
  }
  if (-top(x) > precision) return widened(x, 3 * top(x));
  const halvings = 8, working = precision + 30 - top(x) + halvings, shift = BigInt(working), one = 1n << shift;
  let y = shifted(x.m, x.e + working);
  for (let i = 0; i < halvings; i += 1) y = (y << shift) / (one + wholeRoot((one << shift) + y * y));
  const square = (y * y) >> shift;
  let term = y, total = 0n;
  for (let k = 0n; term !== 0n && term !== -1n; k += 1n) {
    total += (k % 2n === 0n ? term : -term) / (2n * k + 1n);
    term = (term * square) >> shift;
  }
  return rounded(total << BigInt(halvings), -working, joined(x.r, halvings + 14 - working), precision);
}

function ballErf(x, precision) {
  if (isUnknown(x)) return UNKNOWN;
  if (x.m === 0n) return { m: 0n, e: 0, r: x.r + 0.2 };
  const size = Math.abs(toDouble(middle(x))), decay = size * size * 1.4426;
  // 1 - erf(x) < exp(-x^2)
  if (decay > precision + 20) return { m: x.m > 0n ? 1n : -1n, e: 0, r: joined(-decay, x.r + 0.2) };
  const working = precision + 20, w = BigInt(working), exact = middle(x);
  const square = ballProduct(exact, exact, working + 20);
  const twice = shifted(square.m, square.e + 1 + working);
  let term = 1n << w, total = 0n, count = 0;
  for (; term !== 0n; count += 1) {
    total += term;
    term = ((term * twice) >> w) / BigInt(2 * count + 3);
  }
  const series = { m: total, e: -working, r: bits(total) - working + Math.log2(count + 4) + 2 - working };
  const scaled = ballProduct(ballProduct(exact, series, working), ballExp(negated(square), working), working);
  const value = ballQuotient({ m: scaled.m, e: scaled.e + 1, r: scaled.r + 1 }, ballRoot(ballPi(working), working), precision);
  return widened(value, x.r + 0.2);
}

// --- Gamma and zeta ------------------------------------------------------------------------------------------------

const bernoulliNumbers = [fraction(1n)];

function bernoulli(m) {
  for (let k = bernoulliNumbers.length; k <= m; k += 1) {
    let choose = 1n, p = 0n, q = 1n;
    for (let j = 0; j < k; j += 1) {
      const b = bernoulliNumbers[j];
      if (b.p !== 0n) ({ p, q } = fraction(p * b.q + choose * b.p * q, q * b.q));
      choose = (choose * BigInt(k + 1 - j)) / BigInt(j + 1);
    }
    bernoulliNumbers.push(fraction(-p, q * BigInt(k + 1)));
  }
  return bernoulliNumbers[m];
}

// Add asymptotic terms until one is negligible; the error is below the first one left out.
function asymptotic(start, termOf, precision) {
  let total = start;
  for (let k = 1; k < 4 * precision; k += 1) {
    const term = termOf(k);
    if (isUnknown(term) || top(term) < Math.min(0, top(total)) - precision - 4) return widened(total, joined(top(term), term.r));
    total = ballSum(total, term, precision);
  }
  return UNKNOWN;
}

// How far an argument must be moved up for the asymptotic series to reach a precision.
const upwards = (x, precision) => Math.max(0, Math.ceil(precision / 4 + 8 - toDouble(x)));

function ballLogGamma(x, precision) {
  if (isUnknown(x) || x.m <= 0n || !isClear(x)) return UNKNOWN;
  const working = precision + 30, exact = middle(x), steps = upwards(exact, working);
  const z = ballSum(exact, whole(steps), working + Math.max(0, top(exact)));
  const log = ballLog(z, working + Math.max(0, top(z)));
  const half = { m: -1n, e: -1, r: EXACT };
  let head = ballProduct(ballSum(z, half, 2 * working), log, 2 * working);
  head = ballSum(head, negated(z), 2 * working);
  const turn = ballPi(working), logTurn = ballLog({ m: turn.m, e: turn.e + 1, r: turn.r + 1 }, working);
  head = ballSum(head, { m: logTurn.m, e: logTurn.e - 1, r: logTurn.r - 1 }, 2 * working);
  const square = ballProduct(z, z, working);
  let power = ballQuotient(whole(1), z, working);
  let value = asymptotic(head, (k) => {
    const b = bernoulli(2 * k), factor = ballOf(fraction(b.p, b.q * BigInt(2 * k * (2 * k - 1))), working);
    const term = ballProduct(factor, power, working);
    power = ballQuotient(power, square, working);
    return term;
  }, working);
  let product = whole(1);
  for (let i = 0; i < steps; i += 1) product = ballProduct(product, ballSum(exact, whole(i), working), working);
  if (steps > 0) value = ballSum(value, negated(ballLog(product, working)), working);
  // |psi(u)| <= 1/u + |log u| + 1
  const slope = Math.max(1 - low(x), 0) + Math.log2(3 + Math.abs(top(x)));
  return rounded(value.m, value.e, x.r === EXACT ? value.r : joined(value.r, x.r + slope + 2), precision + Math.max(0, top(value)));
}

function factorial(n) {
  let product = 1n;
  for (let i = 2n; i <= n; i += 1n) product *= i;
  return product;
}

function ballPolygamma(order, x, precision) {
  if (isUnknown(x) || x.m <= 0n || !isClear(x)) return UNKNOWN;
  const working = precision + 30, exact = middle(x), steps = upwards(exact, working) + 2 * order;
  const z = ballSum(exact, whole(steps), working), square = ballProduct(z, z, working);
  const inverse = ballQuotient(whole(1), z, working);
  const m = BigInt(order), falling = (n) => ({ m: factorial(n), e: 0, r: EXACT });
  let head, power = ballPower(inverse, order, working);
  if (order === 0) head = negated(ballLog(z, working));
  else head = ballProduct(falling(m - 1n), power, working);
  const next = ballProduct(ballProduct(falling(m), power, working), inverse, working);
  head = ballSum(head, { m: next.m, e: next.e - 1, r: next.r - 1 }, working);
  let value = asymptotic(head, (k) => {
    power = ballQuotient(power, square, working);
    const b = bernoulli(2 * k), j = BigInt(2 * k);
    return ballProduct(ballOf(fraction(b.p * factorial(j + m - 1n), b.q * factorial(j)), working), power, working);
  }, working);
  for (let i = 0; i < steps; i += 1) {
    const part = ballPower(ballSum(exact, whole(i), working), -(order + 1), working);
    value = ballSum(value, ballProduct(falling(m), part, working), working);
  }
  if (order % 2 === 0) value = negated(value);
  // The slope is at most m!/u^(m+1) + (m+1)!/u^(m+2) for every u of the ball.
  const slope = Math.log2(Number(factorial(m + 1n))) + (order + 2) * (1 + Math.max(0, -low(x))) + 1;
  return rounded(value.m, value.e, x.r === EXACT ? value.r : joined(value.r, x.r + slope), precision);
}

// sum of (a + k)^-s over k >= 0, for s > 1, by Euler and Maclaurin.
function ballZeta(s, a, precision) {
  const excess = ballSum(s, whole(-1), precision + 30);
  if (ballSign(excess) !== 1 || ballSign(a) !== 1) return UNKNOWN;
  const exponent = toDouble(s), first = toDouble(a);
  if (exponent > 4 * precision + 100 && (first >= 2 || a.m === 1n)) {
    // What follows the leading term is below (1 + a) (a + 1)^-s.
    if (first < 2) return { m: 1n, e: 0, r: 2 - exponent };
    return { m: 0n, e: 0, r: 1 + Math.log2(1 + first) - 0.999 * exponent * Math.log2(first) };
  }
  const working = precision + 30, count = Math.max(0, Math.ceil(working * 0.3 + exponent - first)) + 1;
  const power = (base) => ballExp(negated(ballProduct(s, ballLog(base, working), working)), working);
  let head = whole(0);
  for (let k = 0; k < count; k += 1) head = ballSum(head, power(ballSum(a, whole(k), working)), working);
  const z = ballSum(a, whole(count), working), last = power(z), square = ballProduct(z, z, working);
  head = ballSum(head, ballQuotient(ballProduct(last, z, working), excess, working), working);
  head = ballSum(head, { m: last.m, e: last.e - 1, r: last.r - 1 }, working);
  let rising = ballQuotient(ballProduct(s, last, working), z, working);
  const value = asymptotic(head, (k) => {
    const b = bernoulli(2 * k), factor = ballOf(fraction(b.p, b.q * factorial(BigInt(2 * k))), working);
    const term = ballProduct(factor, rising, working);
    for (const j of [2 * k - 1, 2 * k]) rising = ballProduct(rising, ballSum(s, whole(j), working), working);
    rising = ballQuotient(rising, square, working);
    return term;
  }, working);
  return rounded(value.m, value.e, value.r, precision);
}

// 1 + 1/2 + ... + 1/n, or the sum of k^-s.
function ballHarmonic(n, s, precision) {
  const working = precision + 10;
  const next = ballSum(n, whole(1), working);
  if (s === undefined) {
    return ballSum(ballPolygamma(0, next, working), negated(ballPolygamma(0, whole(1), working)), precision);
  }
  const size = toDouble(n);
  if (n.r === EXACT && Number.isInteger(size) && size <= 128) {
    let total = whole(0);
    for (let k = 1; k <= size; k += 1) {
      total = ballSum(total, ballExp(negated(ballProduct(s, ballLog(whole(k), working), working)), working), working);
    }
    return total;
  }
  return ballSum(ballZeta(s, whole(1), working), negated(ballZeta(s, next, working)), precision);
}

// --- the rest ------------------------------------------------------------------------------------------------------

// The root w of w e^w = x on a real branch, by Newton's steps, then enclosed between two points of opposite sign.
function ballLambert(x, branch, precision) {
  const working = precision + 20;
  if (ballSign(x) === 0 && branch === 0) return whole(0);
  const above = ballSum(whole(1), ballProduct(ballE(working), x, working), working);
  if (ballSign(above) !== 1 || (branch === -1 && ballSign(x) !== -1)) return UNKNOWN;
  const distance = Math.sqrt(2 * toDouble(above)), value = toDouble(x), side = branch === -1 ? -1 : 1;
  let start = -1 + side * distance - (distance * distance) / 3 + (side * 11 * distance ** 3) / 72;
  if (branch === -1 && value > -0.2) {
    const logarithm = Math.log(-value), twice = Math.log(-logarithm);
    start = logarithm - twice + twice / logarithm;
  } else if (branch === 0 && value > 0) start = value < 3 ? Math.log1p(value) : Math.log(value) - Math.log(Math.log(value));
  let w = middle(ballOf(fromDouble(start), working));
  const excess = (point) => ballSum(ballProduct(point, ballExp(point, working), working), negated(x), working);
  for (let i = 0; i < 10 + Math.log2(working); i += 1) {
    const slope = ballProduct(ballExp(w, working), ballSum(w, whole(1), working), working);
    const step = ballQuotient(middle(excess(w)), middle(slope), working);
    if (isUnknown(step)) return UNKNOWN;
    w = middle(ballSum(w, negated(step), working));
    if (top(step) < top(w) - working + 8) break;
  }
  for (let e = top(w) - precision; e < top(w) - 4; e += 6) {
    const step = { m: 1n, e: Math.ceil(e), r: EXACT };
    const left = ballSign(excess(ballSum(w, negated(step), 2 * working)));
    const right = ballSign(excess(ballSum(w, step, 2 * working)));
    if (left !== null && right !== null && left * right === -1) return rounded(w.m, w.e, Math.ceil(e), precision);
  }
  return UNKNOWN;
}

// Mean of the standard deviation of n standard normal points.
function ballC4(n, precision) {
  const working = precision + 20 + 2 * Math.max(0, top(n));
  const less = ballSum(n, whole(-1), working), half = (x) => ({ m: x.m, e: x.e - 1, r: x.r - 1 });
  const difference = ballSum(ballLogGamma(half(n), working), negated(ballLogGamma(half(less), working)), working);
  return ballQuotient(ballExp(difference, working), ballRoot(half(less), working), precision);
}

// 1 + q + ... + q^(t-1) by doubling the number of terms, which divides by nothing and, for q >= 0, subtracts nothing.
function geometricSum(q, t, sum, product, one) {
  let total = null, power = null;
  for (const bit of t.toString(2)) {
    if (total !== null) {
      total = product(total, sum(one, power));
      power = product(power, power);
    }
    if (bit === "1") {
      total = total === null ? one : sum(one, product(q, total));
      power = power === null ? q : product(power, q);
    }
  }
  return total;
}

function ballTanh(x, precision) {
  const down = ballExp({ m: -2n * x.m, e: x.e, r: x.r + 1 }, precision + 10);
  return ballQuotient(ballSum(whole(1), negated(down), precision + 10), ballSum(whole(1), down, precision + 10), precision);
}

function ballExpSum(x, sign, precision) {
  const up = ballExp(x, precision + 10), down = ballQuotient(whole(1), up, precision + 10);
  const total = ballSum(up, sign > 0 ? down : negated(down), precision);
  return { m: total.m, e: total.e - 1, r: total.r - 1 };
}

function ballAsin(x, precision) {
  const working = precision + 10, square = negated(ballProduct(x, x, working));
  return ballAtan(ballQuotient(x, ballRoot(ballSum(whole(1), square, working), working), working), precision);
}
