// Integrals: adaptive Gauss-Legendre on panels that end at the corners of the integrand.
// The integrand is traced first: its loops unroll, and what does not depend on the variable is computed once. It is
// evaluated in doubles, and where a sample of its values shows that doubles lose digits, in balls: a difference of nearly
// equal densities, say, is a smooth function plus rounding errors that no comparison of quadrature rules shows.

const SETTLED = 1e-13, ACCURACY = 1e-10, PANELS_AT_MOST = 20000;

// Part of an integral that rounding errors of its integrand may be, in full and for a plot.
const TRUSTED = 5e-14, ROUGH = 1e-4;
// Bits of balls, the part of an integral that their radii may be, and the operations that a reader waits for.
const NODE_BITS = [128, 256, 512], OPEN = 1e-18, BALL_STEPS_AT_MOST = 2e6;
// Points of a sample at least, and panels at most that they are spread over.
const SAMPLE_LEAST = 16, SAMPLE = 24;
// Points whose intermediate results are kept at one time.
const BLOCK = 256;

class Doubles {
  // `exact` gives the symbols as fractions. A rough integral is good enough for a plot.
  constructor(exact = null, rough = false) {
    this.exact = exact;
    this.rough = rough;
  }

  rational(text) {
    const [p, q = "1"] = text.split("/");
    return Number(p) / Number(q);
  }

  count(x) {
    if (!Number.isInteger(x)) throw new NotHere("the number of steps is not a whole number");
    return x;
  }

  power(base, exponent) { return base ** exponent; }

  integrate(area, scope) { return integral(area, scope, this.exact, this.rough); }

  apply(operation, operands) {
    const rule = DOUBLE_FUNCTIONS[operation];
    if (rule) return operands.length > 2 || operation === "add" || operation === "mul" ? operands.reduce((a, b) => rule(a, b)) : rule(...operands);
    // Rare operations on known numbers go through balls, which lose nothing.
    return toDouble(settledValue([...operands.map((x, i) => ["symbol", [], i]), [operation, operands.map((_, i) => i)]], (i) => fromDouble(operands[i])));
  }
}

const DOUBLE_FUNCTIONS = {
  add: (a, b) => a + b, mul: (a, b) => a * b, max: Math.max, min: Math.min, abs: Math.abs, exp: Math.exp, log: Math.log,
  sqrt: Math.sqrt, rsqrt: (x) => 1 / Math.sqrt(x), pow: Math.pow, floor: Math.floor, pi: () => Math.PI, e: () => Math.E,
  atan: Math.atan, tanh: Math.tanh,
};

// A result that depends on the variable of integration, by its place; place 0 is the variable.
class Written { constructor(place) { this.place = place; } }

class Tracer {
  constructor(known) {
    this.known = known;
    this.lines = [];
    this.places = new Map();
  }

  rational(text) { return this.known.rational(text); }
  count(x) { return this.known.count(x); }
  integrate() { throw new NotHere("an integral inside an integral has no rule here"); }
  power(base, exponent) {
    return base instanceof Written ? this.write("power", [base], exponent) : this.known.power(base, exponent);
  }

  apply(operation, operands) {
    const numbers = operands.filter((x) => !(x instanceof Written));
    if (numbers.length === operands.length) return this.known.apply(operation, operands);
    if (!DOUBLE_FUNCTIONS[operation]) throw new NotHere(`no rule for ${operation} under an integral`);
    if ((operation === "add" || operation === "mul") && numbers.length > 1) {
      return this.write(operation, [this.known.apply(operation, numbers), ...operands.filter((x) => x instanceof Written)], null);
    }
    return this.write(operation, operands, null);
  }

  write(operation, operands, constant) {
    const name = (x) => (x instanceof Written ? `#${x.place}` : typeof x === "number" ? x : `${this.known.label(x)}`);
    const key = `${operation}|${operands.map(name).join(",")}|${constant}`;
    if (!this.places.has(key)) {
      this.lines.push([operation, operands, constant]);
      this.places.set(key, new Written(this.lines.length));
    }
    return this.places.get(key);
  }
}

function traced(tape, scope, variable, known = new Doubles()) {
  const tracer = new Tracer(known);
  const result = runTape(tape, tracer, (name) => (name === variable ? new Written(0) : scope(name)));
  return { lines: tracer.lines, result };
}

// Call `use` with the results of all lines on one block of points after another, and the place of its first one.
function forBlocks(lines, points, use) {
  const own = lines.map(() => new Float64Array(Math.min(BLOCK, points.length)));
  for (let first = 0; first < points.length; first += BLOCK) {
    const block = points.subarray(first, first + BLOCK);
    use(tracedResults(lines, block, own), first);
  }
}

function tracedResults(lines, points, own) {
  const results = [points], size = points.length;
  lines.forEach(([operation, operands, constant], line) => {
    const out = own[line], rule = DOUBLE_FUNCTIONS[operation];
    const parts = operands.map((x) => (x instanceof Written ? results[x.place] : x));
    const [first, second] = parts;
    if (operation === "power") {
      for (let i = 0; i < size; i += 1) out[i] = constant === 2 ? first[i] * first[i] : first[i] ** constant;
    } else if (parts.length === 1) {
      for (let i = 0; i < size; i += 1) out[i] = rule(first[i]);
    } else if (operation === "mul" && parts.length === 2 && typeof first === "number") {
      for (let i = 0; i < size; i += 1) out[i] = first * second[i];
    } else {
      const at = (part, i) => (typeof part === "number" ? part : part[i]);
      for (let i = 0; i < size; i += 1) {
        let value = at(first, i);
        for (let k = 1; k < parts.length; k += 1) value = rule(value, at(parts[k], i));
        out[i] = value;
      }
    }
    results.push(out);
  });
  return results;
}

// An integrand: values(points), and turns(points), the quantities at whose change of sign it may have a corner, or nearly one.
class InDoubles {
  constructor(function_) { this.function_ = function_; }

  values(points) {
    const { lines, result } = this.function_, found = new Float64Array(points.length);
    if (!(result instanceof Written)) return found.fill(result);
    forBlocks(lines, points, (results, first) => found.set(results[result.place].subarray(0, points.length - first), first));
    return found;
  }

  turns(points) {
    const { lines } = this.function_, found = turnsOf(lines, () => new Float64Array(points.length));
    forBlocks(lines, points, (results, first) => {
      const at = (x, i) => (x instanceof Written ? results[x.place][i] : x), end = Math.min(BLOCK, points.length - first);
      let number = 0;
      turnsOf(lines, (one, other) => {
        for (let i = 0; i < end; i += 1) found[number][first + i] = other === null ? at(one, i) : at(one, i) - at(other, i);
        number += 1;
      });
    });
    return found;
  }
}

function turnsOf(lines, difference) {
  const found = [];
  for (const [operation, operands, constant] of lines) {
    if (operation === "abs" || (operation === "power" && constant === 2)) found.push(difference(operands[0], null));
    else if (operation === "max" || operation === "min") found.push(...operands.slice(1).map((other) => difference(operands[0], other)));
  }
  return found;
}

// The same in balls, rounded to doubles at the end: slow, and right as long as their radii are negligible.
class InBalls {
  constructor(area, exact, precision) {
    // Fractions that grow with every operation cost more than balls do.
    this.known = new Mixed(precision, 64);
    this.steps = 0;
    const { lines, result } = traced(area.integrand, (name) => this.known.kept(exact(name)), area.variable, this.known);
    const plain = (x) => (x instanceof Written || isInfinite(x) ? x : this.known.ball(x));
    // A whole exponent must stay one.
    const rounded = ([operation, operands, constant]) => [operation, operation === "pow" ? operands : operands.map(plain), constant];
    this.function_ = { lines: lines.map(rounded), result: plain(result) };
  }

  // The same function in doubles, with constants that are right to the last digit.
  inDoubles() {
    const plain = (x) => (x instanceof Written ? x : toDouble(x)), { lines, result } = this.function_;
    return new InDoubles({
      lines: lines.map(([operation, operands, constant]) => [operation, operands.map(plain), constant]), result: plain(result),
    });
  }

  // Refuse at once what a reader would wait for in vain.
  expect(points) {
    if (this.steps + points * this.function_.lines.length <= BALL_STEPS_AT_MOST) return;
    throw new NotHere("double precision loses digits in this integral, and more takes too long here");
  }

  resultsAt(point) {
    const { lines } = this.function_, results = [ballOfDouble(point)];
    this.expect(1);
    this.steps += lines.length;
    const read = (x) => (x instanceof Written ? results[x.place] : x);
    for (const [operation, operands, constant] of lines) {
      results.push(operation === "power" ? this.known.power(read(operands[0]), constant) : this.known.apply(operation, operands.map(read)));
    }
    return read;
  }

  balls(points) { return Array.from(points, (point) => this.known.ball(this.resultsAt(point)(this.function_.result))); }

  values(points) { return Float64Array.from(this.balls(points), toDouble); }

  turns(points) {
    const found = Array.from(points, (point) => {
      const read = this.resultsAt(point);
      return turnsOf(this.function_.lines, (first, other) => {
        const x = read(first);
        return toDouble(other === null ? x : this.known.sum(x, negated(this.known.ball(read(other)))));
      });
    });
    return found.length === 0 ? [] : found[0].map((_, number) => Float64Array.from(found, (row) => row[number]));
  }
}

const NODES = 16, legendre = new Map();

function legendreRule(n = NODES) {
  if (legendre.has(n)) return legendre.get(n);
  const points = [], weights = [];
  for (let i = 1; i <= n; i += 1) {
    let x = -Math.cos((Math.PI * (i - 0.25)) / (n + 0.5)), slope = 0;
    for (let step = 0; step < 20; step += 1) {
      let [before, now] = [1, x];
      for (let k = 2; k <= n; k += 1) [before, now] = [now, ((2 * k - 1) * x * now - (k - 1) * before) / k];
      slope = (n * (x * now - before)) / (x * x - 1);
      x -= now / slope;
    }
    points.push(x);
    weights.push(2 / ((1 - x * x) * slope * slope));
  }
  legendre.set(n, { points, weights });
  return legendre.get(n);
}

function panelIntegrals(function_, panels) {
  const { points, weights } = legendreRule(), n = points.length;
  const nodes = new Float64Array(panels.length * n);
  panels.forEach(([left, right], p) => {
    for (let i = 0; i < n; i += 1) nodes[p * n + i] = (left + right) / 2 + ((right - left) / 2) * points[i];
  });
  const values = function_.values(nodes);
  return panels.map(([left, right], p) => {
    let total = 0;
    for (let i = 0; i < n; i += 1) total += values[p * n + i] * weights[i];
    return (total * (right - left)) / 2;
  });
}

// Sum without losing what rounding takes away.
function carefulSum(values) {
  let total = 0, lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

function adaptive(function_, edges) {
  let panels = edges.slice(1).map((right, i) => [edges[i], right]);
  let coarse = panelIntegrals(function_, panels), error = 0, spent = panels.length;
  const settled = [];
  while (panels.length > 0) {
    const halves = panels.flatMap(([left, right]) => [[left, (left + right) / 2], [(left + right) / 2, right]]);
    const fine = panelIntegrals(function_, halves), size = Math.abs(carefulSum([...settled, ...fine]));
    const next = [], nextCoarse = [];
    panels.forEach((_, p) => {
      const change = Math.abs(fine[2 * p] + fine[2 * p + 1] - coarse[p]);
      if (!Number.isFinite(change)) throw new NotHere("the integrand leaves the range of doubles");
      if (change <= SETTLED * size) { settled.push(fine[2 * p], fine[2 * p + 1]); error += change; }
      else { next.push(halves[2 * p], halves[2 * p + 1]); nextCoarse.push(fine[2 * p], fine[2 * p + 1]); }
    });
    spent += 2 * panels.length;
    if (spent > PANELS_AT_MOST) throw new NotHere("the integral does not settle in double precision");
    [panels, coarse] = [next, nextCoarse];
  }
  return { value: carefulSum(settled), error };
}

const increasing = (values) => Float64Array.from(new Set(values)).sort();

function gradedEdges(left, right, scales) {
  const found = new Set([left, right]);
  for (const [centre, scale] of scales) {
    const reach = Math.max(right - centre, centre - left);
    for (let step = scale; step < reach; step *= 2) {
      for (const edge of [centre - step, centre, centre + step]) if (left < edge && edge < right) found.add(edge);
    }
  }
  const edges = increasing(found), width = (right - left) * 1e-15;
  return edges.length > 2 ? edges.filter((edge, i) => i === 0 || edge - edges[i - 1] > width) : edges;
}

function turningPoints(function_, edges) {
  const { points } = legendreRule(), all = [...edges];
  for (let i = 1; i < edges.length; i += 1) {
    for (const point of points) all.push((edges[i] + edges[i - 1]) / 2 + ((edges[i] - edges[i - 1]) / 2) * point);
  }
  const places = increasing(all), found = [];
  const turns = function_.turns(places);
  turns.forEach((values, number) => {
    const brackets = [];
    for (let i = 1; i < places.length; i += 1) {
      if (values[i] === 0 && i < places.length - 1) found.push(places[i]);
      if (Math.sign(values[i]) * Math.sign(values[i - 1]) < 0) brackets.push([places[i - 1], places[i], Math.sign(values[i - 1])]);
    }
    for (let round = 0; round < 32 && brackets.length > 0; round += 1) {
      const middles = Float64Array.from(brackets, ([left, right]) => (left + right) / 2);
      const signs = function_.turns(middles)[number];
      brackets.forEach((bracket, i) => { bracket[Math.sign(signs[i]) === bracket[2] ? 0 : 1] = middles[i]; });
    }
    for (const [left, right] of brackets) found.push((left + right) / 2);
  });
  return found;
}

function panelEdges(function_, left, right, scales) {
  const edges = gradedEdges(left, right, scales);
  return Array.from(increasing([...edges, ...turningPoints(function_, edges)]));
}

function tailRadius(tail, start, target) {
  for (let radius = Math.max(start, 1), i = 0; i < 400; i += 1, radius *= 1.15) if (tail(radius) <= target) return radius;
  throw new NotHere("the tail of the integral does not become small");
}

// A few points and weights with which to see how large a function is over panels, not to integrate it.
function sampled(edges) {
  const count = edges.length - 1, taken = Math.min(count, SAMPLE);
  const { points, weights } = legendreRule(Math.ceil(SAMPLE_LEAST / taken));
  const found = { points: [], weights: [] };
  for (let i = 0; i < taken; i += 1) {
    const panel = taken === 1 ? 0 : Math.round((i * (count - 1)) / (taken - 1)), half = (edges[panel + 1] - edges[panel]) / 2;
    points.forEach((x, k) => {
      found.points.push(edges[panel] + half + half * x);
      found.weights.push(half * weights[k]);
    });
  }
  return found;
}

// The integrand in balls of negligible radii, and whether a sample of its values shows that doubles do as well.
function compared(area, exact, first, quick, edges) {
  const { points, weights } = sampled(edges);
  const weighed = (sizes) => sizes.reduce((total, size, i) => total + weights[i] * Math.abs(size), 0);
  const doubles = quick.values(Float64Array.from(points));
  for (const precision of NODE_BITS) {
    const inBalls = precision === NODE_BITS[0] ? first : new InBalls(area, exact, precision), balls = inBalls.balls(points);
    if (balls.some(isUnknown)) continue;
    const right = balls.map(toDouble), size = weighed(right);
    if (!(weighed(balls.map(({ r }) => 2 ** r)) <= OPEN * size)) continue;
    return { inBalls, agrees: weighed(right.map((value, i) => value - doubles[i])) <= TRUSTED * size };
  }
  throw new NotHere("the integrand leaves the range of doubles");
}

// The integral in doubles; null where it does not settle, as where an integrand underflows between the samples.
function accurate(quick, edges) {
  try {
    const found = adaptive(quick, edges);
    return found.error <= 1e-12 * Math.abs(found.value) ? found : null;
  } catch (error) {
    if (error instanceof NotHere) return null;
    throw error;
  }
}

function integral(area, scope, exact, rough) {
  const doubles = new Doubles();
  const at = (tape, radius) => {
    if (!rough) return toDouble(settledValue(tape, (name) => (name === area.radius ? fromDouble(radius) : exact(name))));
    return runTape(tape, doubles, (name) => (name === area.radius ? radius : scope(name)));
  };
  let balls = rough ? null : new InBalls(area, exact, NODE_BITS[0]);
  const quick = balls ? balls.inDoubles() : new InDoubles(traced(area.integrand, scope, area.variable));
  const start = at(area.start, 1), scales = area.scales.map(([centre, scale]) => [at(centre, 1), at(scale, 1)]);
  const over = (radius) => {
    const [left, right] = [at(area.left, radius), at(area.right, radius)];
    if (left === right) return { value: 0, error: 0 };
    if (!Number.isFinite(right - left)) throw new NotHere("the ends of the integral leave the range of doubles");
    const edges = panelEdges(quick, left, right, scales);
    if (rough && losesDigits(quick.function_, edges, ROUGH)) balls ??= new InBalls(area, exact, NODE_BITS[0]);
    if (balls === null) return adaptive(quick, edges);
    const { inBalls, agrees } = compared(area, exact, balls, quick, edges), found = agrees ? accurate(quick, edges) : null;
    if (found !== null) return found;
    // Each panel takes its nodes once to find the corners, and three times to integrate.
    inBalls.expect(4 * NODES * (gradedEdges(left, right, scales).length - 1));
    // Rounding errors move the corners, too.
    return adaptive(inBalls, panelEdges(inBalls, left, right, scales));
  };
  if (area.tail === null) return over(start).value;
  const tail = (radius) => at(area.tail, radius);
  let radius = tailRadius(tail, start, 1e-18);
  for (let round = 0; round < 3; round += 1) {
    const { value, error } = over(radius);
    if (value > 0 && error + tail(radius) <= ACCURACY * value) {
      // What lies beyond the range must not count, nor the error of the rule.
      if (rough || error + tail(radius) <= 1e-12 * value) return value;
      if (error > 1e-12 * value) throw new NotHere("the integral is known to 10 digits only");
    } else if (value <= 0 || error > ACCURACY * value) break;
    radius = tailRadius(tail, start, value * 1e-15);
  }
  throw new NotHere("double precision does not reach the accuracy asked of an integral here");
}
