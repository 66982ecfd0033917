// Exact fractions, and balls: binary numbers of any length with a bound on their error.
//
// A fraction is {p, q} in lowest terms with q > 0; a ball is {m, e, r}, which surely contains the true value within 2^r of
// m 2^e; infinity is {inf: 1 or -1}. A ball of infinite radius says nothing: undefined, or not yet precise enough.

const EXACT = -Infinity;
const UNKNOWN = Object.freeze({ m: 0n, e: 0, r: Infinity });
// Longer fractions cost more than balls do.
const FRACTION_BITS = 4000;

const double = new DataView(new ArrayBuffer(8));

// How many binary digits a whole number has.
function bits(m) {
  if (m < 0n) m = -m;
  if (m === 0n) return 0;
  const size = Number(m);
  if (size > 2 ** 1000) {
    const text = m.toString(16);
    return 4 * text.length - Math.clz32(parseInt(text[0], 16)) + 28;
  }
  double.setFloat64(0, size);
  const found = (double.getUint16(0) >> 4) - 1022;
  // What is just below a power of two may have been rounded up to it.
  const isPower = (double.getUint32(0) & 0xfffff) === 0 && double.getUint32(4) === 0;
  return isPower && m < 1n << BigInt(found - 1) ? found - 1 : found;
}

function gcd(a, b) {
  if (a < 0n) a = -a;
  while (b) [a, b] = [b, a % b];
  return a;
}

function fraction(p, q = 1n) {
  if (q < 0n) { p = -p; q = -q; }
  const common = q === 1n ? 1n : gcd(p, q);
  return common === 1n ? { p, q } : { p: p / common, q: q / common };
}

const isFraction = (x) => x.q !== undefined;
const isInfinite = (x) => x.inf !== undefined;

const NUMBER = /^[+-]?(\d+\/0*[1-9]\d*|(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?)$/;

// Read a number exactly as it is written: 0.3 is three tenths. Returns null for what is not a number.
function readNumber(text) {
  const trimmed = text.trim();
  if (/^\+?(inf|infinity|oo|∞)$/i.test(trimmed)) return { inf: 1 };
  if (!NUMBER.test(trimmed)) return null;
  if (trimmed.includes("/")) {
    const [p, q] = trimmed.split("/");
    return fraction(BigInt(p.replace("+", "")), BigInt(q));
  }
  const [digits, exponent = "0"] = trimmed.toLowerCase().split("e");
  const [whole, decimals = ""] = digits.split(".");
  const negative = whole.startsWith("-");
  const size = BigInt((whole.replace(/[+-]/, "") || "0") + decimals);
  const scale = parseInt(exponent, 10) - decimals.length;
  const p = negative ? -size : size;
  return scale >= 0 ? fraction(p * 10n ** BigInt(scale)) : fraction(p, 10n ** BigInt(-scale));
}

function compareFractions(a, b) {
  const difference = a.p * b.q - b.p * a.q;
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

// --- balls ---------------------------------------------------------------------------------------------------------

// log2(2^a + 2^b), rounded up: radii are kept as binary logarithms.
function joined(a, b) {
  const high = Math.max(a, b), low = Math.min(a, b);
  if (low === -Infinity || high === Infinity) return high;
  return high + Math.log2(1 + 2 ** (low - high)) + 1e-9;
}

function rounded(m, e, r, precision) {
  const extra = bits(m) - precision;
  if (extra <= 0) return { m, e, r };
  e += extra;
  return { m: m >> BigInt(extra), e, r: joined(r, e) };
}

const isUnknown = (x) => x.r === Infinity;
// Exponents that bound a midpoint that is not 0: 2^low <= |mid| < 2^top.
const top = (x) => (x.m === 0n ? -Infinity : bits(x.m) + x.e);
const low = (x) => bits(x.m) - 1 + x.e;
// Whether a ball stays away from 0 by half of its midpoint.
const isClear = (x) => x.m !== 0n && x.r <= low(x) - 1;
const middle = (x) => ({ m: x.m, e: x.e, r: EXACT });
const negated = (x) => ({ m: -x.m, e: x.e, r: x.r });
const widened = (x, r) => ({ m: x.m, e: x.e, r: joined(x.r, r) });
const whole = (value) => ({ m: BigInt(value), e: 0, r: EXACT });

function shifted(m, by) {
  return by >= 0 ? m << BigInt(by) : m >> BigInt(-by);
}

// The sign of a ball: -1, 0 or 1, or null where the ball does not tell.
function ballSign(x) {
  if (x.m === 0n) return x.r === EXACT ? 0 : null;
  if (x.r >= low(x)) return null;
  return x.m > 0n ? 1 : -1;
}

function ballOf(x, precision) {
  if (!isFraction(x)) return x;
  if (x.q === 1n) return rounded(x.p, 0, EXACT, precision);
  return ballQuotient({ m: x.p, e: 0, r: EXACT }, { m: x.q, e: 0, r: EXACT }, precision);
}

function ballSum(a, b, precision) {
  if (isUnknown(a) || isUnknown(b)) return UNKNOWN;
  const r = joined(a.r, b.r);
  if (a.m === 0n) return rounded(b.m, b.e, r, precision);
  if (b.m === 0n) return rounded(a.m, a.e, r, precision);
  if (a.e < b.e) [a, b] = [b, a];
  const gap = a.e - b.e;
  if (gap > 4 * precision + 256 && top(b) < a.e - precision) return rounded(a.m, a.e, joined(r, top(b)), precision);
  if (gap > 1e6) return UNKNOWN;
  return rounded((a.m << BigInt(gap)) + b.m, b.e, r, precision);
}

function ballProduct(a, b, precision) {
  if (isUnknown(a) || isUnknown(b)) return UNKNOWN;
  let r = EXACT;
  if (a.r !== EXACT || b.r !== EXACT) r = joined(joined(top(a) + b.r, top(b) + a.r), a.r + b.r);
  return rounded(a.m * b.m, a.e + b.e, Number.isNaN(r) ? EXACT : r, precision);
}

function ballQuotient(a, b, precision) {
  if (isUnknown(a) || isUnknown(b) || !isClear(b)) return UNKNOWN;
  const n = Math.max(0, precision + bits(b.m) - bits(a.m) + 2);
  const m = (a.m << BigInt(n)) / b.m, e = a.e - b.e - n;
  let r = joined(a.r - low(b) + 1, a.m === 0n ? EXACT : top(a) - low(b) + b.r - low(b) + 1);
  if (m * b.m !== a.m << BigInt(n)) r = joined(r, e);
  return rounded(m, e, r, precision);
}

function wholeRoot(value) {
  if (value < 2n) return value;
  let x = 1n << BigInt((bits(value) + 1) >> 1);
  for (;;) {
    const y = (x + value / x) >> 1n;
    if (y >= x) return x;
    x = y;
  }
}

function ballRoot(x, precision) {
  if (x.m === 0n && x.r === EXACT) return x;
  if (isUnknown(x) || x.m < 0n || !isClear(x)) return UNKNOWN;
  let n = Math.max(0, 2 * precision + 2 - bits(x.m));
  if ((x.e - n) % 2 !== 0) n += 1;
  const radicand = x.m << BigInt(n), m = wholeRoot(radicand), e = (x.e - n) / 2;
  const r = x.r - low(x) / 2;
  return rounded(m, e, m * m === radicand ? r : joined(r, e), precision);
}

function ballPower(base, exponent, precision) {
  if (exponent < 0) return ballQuotient(whole(1), ballPower(base, -exponent, precision + 8), precision);
  const working = precision + 2 * Math.ceil(Math.log2(exponent + 2)) + 4;
  let result = whole(1), square = base;
  for (let left = exponent; left > 0; ) {
    if (left % 2 === 1) result = ballProduct(result, square, working);
    left = Math.floor(left / 2);
    if (left > 0) square = ballProduct(square, square, working);
  }
  return rounded(result.m, result.e, result.r, precision);
}

// The nearest double to the midpoint.
function toDouble(x) {
  if (isInfinite(x)) return x.inf * Infinity;
  if (isFraction(x)) x = ballOf(x, 80);
  if (isUnknown(x)) return NaN;
  let { m, e } = x;
  const extra = bits(m) - 64;
  if (extra > 0) { m >>= BigInt(extra); e += extra; }
  let value = Number(m);
  for (; e > 900 && Number.isFinite(value); e -= 900) value *= 2 ** 900;
  // One last step into the subnormal numbers, so that they are rounded once.
  for (; e < -900 && e + 64 < -960 && value !== 0; e += 900) value *= 2 ** -900;
  return e < -900 ? value * 2 ** -900 * 2 ** (e + 900) : value * 2 ** e;
}

// The fraction that a double is.
function fromDouble(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? UNKNOWN : { inf: Math.sign(value) };
  let scale = 0;
  while (!Number.isInteger(value)) { value *= 2; scale += 1; }
  return fraction(BigInt(value), 1n << BigInt(scale));
}

// The ball of radius 0 that a finite double is.
function ballOfDouble(value) {
  const { p, q } = fromDouble(value);
  return { m: p, e: 1 - bits(q), r: EXACT };
}
