// A theorem at given numbers: are they in their domains, do the hypotheses hold, what is the value, does it say anything.

const SIGNS = { "<": [-1], "<=": [-1, 0], ">": [1], ">=": [0, 1], "==": [0], "!=": [-1, 1] };

// Why a number is outside the domain of a symbol, or null.
function outsideDomain(symbol, x) {
  if (x === null) return "not a number; write for instance 0.3, 1/3, 1e-4" + (symbol.infinite ? " or inf" : "");
  const refusal = `must be a ${symbol.domain}`;
  if (isInfinite(x)) return symbol.infinite ? null : refusal;
  if (symbol.integer && x.q !== 1n) return refusal;
  for (const [end, open, side] of [[symbol.low, symbol.lowOpen, 1], [symbol.high, symbol.highOpen, -1]]) {
    if (end === null) continue;
    const order = compareFractions(x, readNumber(end)) * side;
    if (order < 0 || (order === 0 && open)) return refusal;
  }
  return null;
}

// How a hypothesis stands: holds, fails, or edge where its two sides cannot be told apart.
function checkHypothesis(hypothesis, scope) {
  const sides = [hypothesis.left, hypothesis.right].map((tape) => {
    try { return toDouble(settledValue(tape, scope)); } catch { return NaN; }
  });
  let sign = null;
  try { sign = settledSign(hypothesis.difference, scope); } catch { /* too long a loop to decide here */ }
  const infinite = hypothesis.symbols.some((name) => isInfinite(scope(name)));
  // At infinite values an undefined relation does not hold; at finite ones it is undecided.
  const state = sign === null ? (infinite ? "fails" : "edge") : SIGNS[hypothesis.relation].includes(sign) ? "holds" : "fails";
  return { state, left: sides[0], right: sides[1], equal: sign === 0 };
}

// A quick value of an integral, as for a plot, takes a second opinion on its digits only where they cancel.
function valueOf(regime, scope, quick) {
  if (!regime.integrates) {
    const found = settledValue(regime.tape, scope);
    if (!isFraction(found) && !isInfinite(found) && isUnknown(found)) throw new NotHere("the value is not defined, or not told apart from 0, at these numbers");
    return toDouble(found);
  }
  const found = quadrature(regime, scope, quick);
  if (Number.isNaN(found)) throw new NotHere("the value is not a number in double precision");
  return found;
}

function quadrature(regime, scope, quick) {
  try {
    return runTape(regime.tape, new Doubles(scope, quick), (name) => toDouble(scope(name)));
  } catch (error) {
    if (!quick || !(error instanceof NotHere)) throw error;
    return quadrature(regime, scope, false);
  }
}

// Whether the value beats what holds without any theorem: true, false, or null where there is nothing to beat.
function beatsTrivial(regime, scope, value) {
  if (!regime.trivial) return null;
  const upper = regime.direction === "upper";
  if (regime.integrates) {
    const trivial = toDouble(settledValue(regime.trivial.tape, scope));
    return upper ? value < trivial * (1 - 1e-9) : value > trivial * (1 + 1e-9);
  }
  return settledSign(regime.trivial.gap, scope) === (upper ? -1 : 1);
}

// Everything the page shows about a regime at given numbers, read from the text of each.
function assess(regime, texts, symbols, quick = false) {
  const values = new Map(), problems = {};
  for (const name of regime.symbols) {
    const number = readNumber(texts[name]), problem = outsideDomain(symbols[name], number);
    if (problem) problems[name] = problem;
    values.set(name, number);
  }
  const answer = { problems, hypotheses: [], status: "outside", value: NaN, informative: null, trivial: NaN, reason: "" };
  if (Object.keys(problems).length > 0) return answer;
  const scope = (name) => values.get(name);
  answer.hypotheses = regime.hypotheses.map((hypothesis) => checkHypothesis(hypothesis, scope));
  const states = answer.hypotheses.map((hypothesis) => hypothesis.state);
  if (states.includes("fails")) return { ...answer, status: "inapplicable" };
  if (states.includes("edge")) return { ...answer, status: "edge" };
  try {
    answer.value = valueOf(regime, scope, quick);
    answer.informative = beatsTrivial(regime, scope, answer.value);
    if (regime.trivial) answer.trivial = toDouble(settledValue(regime.trivial.tape, scope));
    answer.status = "holds";
  } catch (error) {
    if (!(error instanceof TooLong || error instanceof NotHere)) throw error;
    Object.assign(answer, { status: "elsewhere", reason: error.message });
  }
  return answer;
}
