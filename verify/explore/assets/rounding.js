// How much of an integral of a traced function rounding errors may be, to first order: quick, and on the safe side.

const UNIT = 2.3e-16;
// Constants of a traced function were rounded some times before.
const CONSTANT_ERROR = 8 * UNIT;

const sumOf = (values) => values.reduce((total, value) => total + value, 0);

// The error of one operation from its operands' values and errors, besides its own rounding.
const CARRIED = {
  add: (out, x, e) => sumOf(e) + UNIT * sumOf(x.map(Math.abs)),
  mul: (out, x, e) => sumOf(x.map((value, i) => (e[i] === 0 ? 0 : (e[i] * Math.abs(out)) / Math.abs(value)))),
  max: (out, x, e) => Math.max(...e),
  min: (out, x, e) => Math.max(...e),
  abs: (out, x, e) => e[0],
  exp: (out, x, e) => out * e[0],
  log: (out, x, e) => e[0] / Math.abs(x[0]),
  sqrt: (out, x, e) => Math.min(e[0] / (2 * out), Math.sqrt(e[0])),
  rsqrt: (out, x, e) => (out * e[0]) / (2 * x[0]),
  pow: (out, x, e) => Math.abs(out) * (Math.abs(x[1] / x[0]) * e[0] + Math.abs(Math.log(x[0])) * e[1]),
};

function errorAt({ lines, result }, point) {
  const values = [point], errors = [0];
  const valueOf = (x) => (x instanceof Written ? values[x.place] : x);
  const errorOf = (x) => (x instanceof Written ? errors[x.place] : CONSTANT_ERROR * Math.abs(x));
  for (const [operation, operands, constant] of lines) {
    const x = operands.map(valueOf), e = operands.map(errorOf);
    const rule = CARRIED[operation] ?? (() => Infinity);
    const out = operation === "power" ? x[0] ** constant : x.length === 1 ? DOUBLE_FUNCTIONS[operation](x[0]) : x.reduce((a, b) => DOUBLE_FUNCTIONS[operation](a, b));
    const carried = operation === "power" ? (e[0] === 0 ? 0 : Math.abs((constant * out * e[0]) / x[0])) : rule(out, x, e);
    values.push(out);
    // 0/0 is an operand that vanished together with its error.
    errors.push((Number.isNaN(carried) ? 0 : carried) + UNIT * Math.abs(out));
  }
  return [valueOf(result), errorOf(result)];
}

// Whether rounding errors may be more than a share of the integral over panels.
function losesDigits(function_, edges, share) {
  const { points, weights } = sampled(edges);
  let size = 0, lost = 0;
  points.forEach((point, i) => {
    const [value, error] = errorAt(function_, point);
    size += weights[i] * Math.abs(value);
    lost += weights[i] * error;
  });
  return !(lost <= share * size);
}
