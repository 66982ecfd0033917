// Integrals: adaptive Gauss-Legendre on panels that end at the corners of the integrand.
// The integrand is traced first: its loops unroll, and what does not depend on the variable is computed once. It is
// evaluated in doubles, and where a sample of its values shows that doubles lose digits, in balls.

const SETTLED = 1e-13, ACCURACY = 1e-10, PANELS_AT_MOST = 20000;

// Nodes at which doubles are compared with balls, how far apart they may be, and the work that balls may take.
const COMPARED = 24, TRUSTED = 2e-14, NODE_BITS = 128, BALL_STEPS_AT_MOST = 1.2e6;

class Doubles {
  // `exact` gives the symbols as fractions; without it there is no second opinion from balls.
  constructor(exact = null) { this.exact = exact; }

  rational(text) {
    const [p, q = "1"] = text.split("/");
    return Number(p) / Number(q);
  }

  count(x) {
    if (!Number.isInteger(x)) throw new NotHere("the number of steps is not a whole number");
    return x;
  }

  power(base, exponent) { return base ** exponent; }

  integrate(area, scope) { return integral(area, scope, this.exact); }

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

function tracedResults({ lines }, points) {
  const results = [points];
  for (const [operation, operands, constant] of lines) {
    const out = new Float64Array(points.length), rule = DOUBLE_FUNCTIONS[operation];
    const parts = operands.map((x) => (x instanceof Written ? results[x.place] : x));
    if (operation === "power") {
      const base = parts[0];
      for (let i = 0; i < out.length; i += 1) out[i] = constant === 2 ? base[i] * base[i] : base[i] ** constant;
    } else if (parts.length === 1) {
      for (let i = 0; i < out.length; i += 1) out[i] = rule(parts[0][i]);
    } else {
      const at = (part, i) => (typeof part === "number" ? part : part[i]);
      for (let i = 0; i < out.length; i += 1) {
        let value = at(parts[0], i);
        for (let k = 1; k < parts.length; k += 1) value = rule(value, at(parts[k], i));
        out[i] = value;
      }
    }
    results.push(out);
  }
  return results;
}

function tracedAt(function_, points) {
  if (!(function_.result instanceof Written)) return new Float64Array(points.length).fill(function_.result);
  return tracedResults(function_, points)[function_.result.place];
}

// Quantities at whose change of sign the integrand may have a corner, or nearly one.
function tracedTurns(function_, points) {
  const results = tracedResults(function_, points), found = [];
  const read = (x) => (x instanceof Written ? results[x.place] : new Float64Array(points.length).fill(x));
  for (const [operation, operands, constant] of function_.lines) {
    if (operation === "abs" || (operation === "power" && constant === 2)) found.push(read(operands[0]));
    else if (operation === "max" || operation === "min") {
      const first = read(operands[0]);
      for (const other of operands.slice(1)) { const against = read(other); found.push(first.map((x, i) => x - against[i])); }
    }
  }
  return found;
}

let legendre = null;

function legendreRule() {
  if (legendre) return legendre;
  const n = 16, points = [], weights = [];
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
  legendre = { points, weights };
  return legendre;
}

function panelIntegrals(function_, panels) {
  const { points, weights } = legendreRule(), n = points.length;
  const nodes = new Float64Array(panels.length * n);
  panels.forEach(([left, right], p) => {
    for (let i = 0; i < n; i += 1) nodes[p * n + i] = (left + right) / 2 + ((right - left) / 2) * points[i];
  });
  const values = function_(nodes);
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
  const turns = tracedTurns(function_, places);
  turns.forEach((values, number) => {
    const brackets = [];
    for (let i = 1; i < places.length; i += 1) {
      if (values[i] === 0 && i < places.length - 1) found.push(places[i]);
      if (Math.sign(values[i]) * Math.sign(values[i - 1]) < 0) brackets.push([places[i - 1], places[i], Math.sign(values[i - 1])]);
    }
    for (let round = 0; round < 32 && brackets.length > 0; round += 1) {
      const middles = Float64Array.from(brackets, ([left, right]) => (left + right) / 2);
      const signs = tracedTurns(function_, middles)[number];
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

// The same integrand in balls, rounded to doubles at the end: slow, and right.
class ExactIntegrand {
  constructor(area, exact) {
    this.known = new Mixed(NODE_BITS);
    this.function_ = traced(area.integrand, exact, area.variable, this.known);
  }

  get cost() { return this.function_.lines.length; }

  at(point) {
    const { lines, result } = this.function_, results = [fromDouble(point)];
    const read = (x) => (x instanceof Written ? results[x.place] : x);
    for (const [operation, operands, constant] of lines) {
      results.push(operation === "power" ? this.known.power(read(operands[0]), constant) : this.known.apply(operation, operands.map(read)));
    }
    const value = read(result);
    return !isFraction(value) && isUnknown(value) ? NaN : toDouble(value);
  }

  values(points) { return points.map((point) => this.at(point)); }
}

// Whether doubles and balls agree on a sample of the points at which the integrand was asked for.
function areTrusted(function_, careful, edges) {
  const points = new Float64Array(COMPARED);
  for (let i = 0; i < COMPARED; i += 1) {
    const at = (i / COMPARED) * (edges.length - 1), panel = Math.floor(at);
    points[i] = edges[panel] + (edges[panel + 1] - edges[panel]) * (0.1 + 0.8 * ((i * 0.618) % 1));
  }
  const quick = function_(points), right = careful.values(points);
  const size = Math.max(...right.map(Math.abs));
  return quick.every((value, i) => Math.abs(value - right[i]) <= TRUSTED * Math.max(Math.abs(right[i]), size * 1e-3));
}

function integral(area, scope, exact) {
  const doubles = new Doubles();
  const at = (tape, radius) => {
    if (exact) return toDouble(settledValue(tape, (name) => (name === area.radius ? fromDouble(radius) : exact(name))));
    return runTape(tape, doubles, (name) => (name === area.radius ? radius : scope(name)));
  };
  const integrand = traced(area.integrand, scope, area.variable);
  const function_ = (points) => tracedAt(integrand, points);
  const start = at(area.start, 1), scales = area.scales.map(([centre, scale]) => [at(centre, 1), at(scale, 1)]);
  const over = (radius) => {
    const edges = panelEdges(integrand, at(area.left, radius), at(area.right, radius), scales);
    const careful = exact ? new ExactIntegrand(area, exact) : null;
    if (careful === null || areTrusted(function_, careful, edges)) return adaptive(function_, edges);
    let steps = 0;
    return adaptive((points) => {
      steps += points.length * careful.cost;
      if (steps > BALL_STEPS_AT_MOST) throw new NotHere("double precision loses digits in this integral, and more takes too long here");
      return careful.values(points);
    }, edges);
  };
  if (area.tail === null) return over(start).value;
  const tail = (radius) => at(area.tail, radius);
  let radius = tailRadius(tail, start, 1e-18);
  for (let round = 0; round < 3; round += 1) {
    const { value, error } = over(radius);
    if (value > 0 && error + tail(radius) <= ACCURACY * value) {
      // What lies beyond the range must not count, nor the error of the rule.
      if (!exact || error + tail(radius) <= 1e-12 * value) return value;
      if (error > 1e-12 * value) throw new NotHere("the integral is known to 10 digits only");
    } else if (value <= 0 || error > ACCURACY * value) break;
    radius = tailRadius(tail, start, value * 1e-15);
  }
  throw new NotHere("double precision does not reach the accuracy asked of an integral here");
}
