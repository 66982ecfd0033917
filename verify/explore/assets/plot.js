// The value over one symbol, all others staying. Ranges where the theorem does not apply or says nothing are marked.

const SLICE_MS = 14;
const SVG = "http://www.w3.org/2000/svg";

function drawn(tag, attributes, text = null) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== null) node.textContent = text;
  return node;
}

// Where to evaluate: texts of the symbol, increasing, each with its place on the axis.
function sampleTexts(span, integer, wanted) {
  const seen = new Map(), finite = { ...span, infinity: false, zero: false };
  const count = integer && !span.log ? span.right - span.left : wanted;
  for (let i = 0; i <= count; i += 1) {
    const text = textAt(finite, i / count, integer, 6), value = toDouble(readNumber(text));
    seen.set(value, text);
  }
  return [...seen].sort((a, b) => a[0] - b[0]).map(([value, text]) => ({ value, text, answer: null }));
}

// Coarse to fine, so that a slow theorem shows its shape early.
function coarseFirst(samples) {
  const order = [];
  for (let step = 16; step >= 1; step /= 2) samples.forEach((sample, i) => { if (i % step === 0 && (step === 16 || i % (2 * step) !== 0)) order.push(sample); });
  return order;
}

class Plot {
  constructor(host, caption, pick) {
    this.host = host;
    this.caption = caption;
    this.pick = pick;
    this.run = 0;
  }

  // Evaluate in slices of time, so that the page stays responsive; a newer request ends an older one.
  start(request) {
    this.run += 1;
    const mine = this.run, samples = sampleTexts(request.span, request.integer, request.count), order = coarseFirst(samples);
    let done = 0, painted = performance.now();
    const work = () => {
      if (mine !== this.run) return;
      const until = performance.now() + SLICE_MS;
      while (done < order.length && performance.now() < until) { order[done].answer = request.assess(order[done].text); done += 1; }
      const finished = done >= order.length;
      if (finished || performance.now() - painted > 120) { this.paint(request, samples.filter((s) => s.answer), finished); painted = performance.now(); }
      if (!finished) setTimeout(work, 0);
    };
    work();
  }

  repaint() { if (this.last) this.paint(...this.last); }

  paint(request, samples, finished) {
    this.last = [request, samples, finished];
    const width = Math.max(280, this.host.clientWidth), height = Math.round(Math.min(360, Math.max(220, width * 0.5)));
    const frame = { left: 62, right: width - 14, top: 14, bottom: height - 42 };
    const x = (value) => frame.left + shareOf({ ...request.span, infinity: false }, value) * (frame.right - frame.left);
    const shown = samples.filter((s) => s.answer.status === "holds" && Number.isFinite(s.answer.value));
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": summary(request, samples) });
    svg.append(hatching());
    for (const [from, to, kind] of bands(samples)) {
      const [left, right] = [Math.max(x(from), frame.left), Math.min(x(to), frame.right)];
      svg.append(drawn("rect", { class: `band ${kind}`, x: left, y: frame.top, width: Math.max(right - left, 1), height: frame.bottom - frame.top }));
      if (kind === "inapplicable") svg.append(drawn("rect", { x: left, y: frame.top, width: Math.max(right - left, 1), height: frame.bottom - frame.top, fill: "url(#hatch)" }));
    }
    const scale = yScale(request, shown, frame);
    drawAxes(svg, request, scale, frame, x);
    if (shown.length > 0) this.drawCurve(svg, request, samples, shown, scale, frame, x);
    else svg.append(drawn("text", { class: "note", x: (frame.left + frame.right) / 2, y: (frame.top + frame.bottom) / 2, "text-anchor": "middle" }, finished ? "no value in this range" : "computing"));
    this.read = drawn("text", { class: "readout", x: frame.right - 4, y: frame.top + 14, "text-anchor": "end" }, "");
    svg.append(this.read);
    svg.addEventListener("pointermove", (event) => this.follow(event, samples, x));
    svg.addEventListener("pointerleave", () => { this.read.textContent = ""; });
    svg.addEventListener("click", (event) => { const near = this.nearest(event, samples, x); if (near) this.pick(near.text); });
    this.host.replaceChildren(svg);
    this.caption.textContent = summary(request, samples);
    this.host.setAttribute("data-finished", finished);
  }

  drawCurve(svg, request, samples, shown, scale, frame, x) {
    const trivial = shown.filter((s) => Number.isFinite(s.answer.trivial));
    const inside = (y) => y >= frame.top - 0.5 && y <= frame.bottom + 0.5;
    if (trivial.length > 1 && trivial.some((s) => inside(scale.at(s.answer.trivial)))) {
      const clipped = trivial.filter((s) => inside(scale.at(s.answer.trivial)));
      svg.append(drawn("path", { class: "trivial", d: "M" + clipped.map((s) => `${x(s.value).toFixed(1)} ${scale.at(s.answer.trivial).toFixed(1)}`).join("L") }));
      const last = clipped[clipped.length - 1], y = scale.at(last.answer.trivial);
      svg.append(drawn("text", { class: "note", x: x(last.value) - 4, y: y < frame.top + 14 ? y + 13 : y - 5, "text-anchor": "end" }, "trivial"));
    }
    const clip = (y) => Math.min(Math.max(y, frame.top - 2), frame.bottom + 2);
    for (const run of runs(samples)) {
      const useless = run[0].answer.informative === false;
      const d = run.map((s) => `${x(s.value).toFixed(2)} ${clip(scale.at(s.answer.value)).toFixed(2)}`).join("L");
      svg.append(drawn("path", { class: useless ? "curve useless" : "curve", d: `M${d}` }));
      if (request.integer && shown.length <= 70) for (const s of run) svg.append(drawn("circle", { class: "dot", cx: x(s.value), cy: clip(scale.at(s.answer.value)), r: 2.2 }));
    }
    const { here } = request;
    if (here && here.answer.status === "holds" && here.value >= request.span.left && here.value <= request.span.right) {
      const [cx, cy] = [x(here.value), scale.at(here.answer.value)];
      svg.append(drawn("line", { class: "guide", x1: cx, x2: cx, y1: frame.top, y2: frame.bottom }));
      if (inside(cy)) svg.append(drawn("circle", { class: "here", cx, cy, r: 5 }));
    }
  }

  nearest(event, samples, x) {
    const box = this.host.getBoundingClientRect(), at = event.clientX - box.left;
    return samples.reduce((best, s) => (best === null || Math.abs(x(s.value) - at) < Math.abs(x(best.value) - at) ? s : best), null);
  }

  follow(event, samples, x) {
    const near = this.nearest(event, samples, x);
    if (!near) return;
    const { status, value } = near.answer;
    this.read.textContent = `${this.last[0].name} = ${near.text}: ${status === "holds" ? showNumber(value) : STATUS_WORDS[status]}`;
  }
}

const STATUS_WORDS = {
  inapplicable: "a hypothesis fails", edge: "on the edge of a hypothesis", elsewhere: "not computed here", outside: "outside the domain",
};

const kindOf = ({ answer }) => (answer.status !== "holds" ? (answer.status === "elsewhere" ? "elsewhere" : "inapplicable") : answer.informative === false ? "useless" : "useful");

// Ranges of the axis that are not useful, as [from, to, kind, first text, last text], meeting half-way between samples.
function bands(samples) {
  const found = [];
  samples.forEach((sample, i) => {
    const kind = kindOf(sample);
    const between = (a, b) => (a.value > 0 && b.value / a.value > 1.5 ? Math.sqrt(a.value * b.value) : (a.value + b.value) / 2);
    const from = i > 0 ? between(samples[i - 1], sample) : sample.value, to = i + 1 < samples.length ? between(sample, samples[i + 1]) : sample.value;
    const last = found[found.length - 1];
    if (last && last[2] === kind) [last[1], last[4]] = [to, sample.text];
    else found.push([from, to, kind, sample.text, sample.text]);
  });
  return found.filter(([, , kind]) => kind !== "useful");
}

// Stretches of the curve on which there is a value, of one kind; neighbours share an end.
function runs(samples) {
  const found = [];
  let run = [];
  samples.forEach((sample) => {
    const usable = sample.answer.status === "holds" && Number.isFinite(sample.answer.value);
    if (usable && run.length > 0 && run[0].answer.informative !== sample.answer.informative) { run.push(sample); found.push(run); run = [sample]; }
    else if (usable) run.push(sample);
    else if (run.length > 0) { found.push(run); run = []; }
  });
  if (run.length > 0) found.push(run);
  return found;
}

function yScale(request, shown, frame) {
  const values = shown.map((s) => s.answer.value).sort((a, b) => a - b);
  if (values.length === 0) return { log: false, low: 0, high: 1, at: () => NaN };
  let [low, high] = [values[0], values[values.length - 1]];
  const positive = values.filter((v) => v > 0);
  const log = request.yScale === "log" ? positive.length > 0 : request.yScale === "linear" ? false : low > 0 && high / low > 50;
  if (log) {
    low = Math.max(positive[0], positive[positive.length - 1] * 1e-30);
    if (high / low < 10) { const middle = Math.sqrt(low * high); [low, high] = [Math.min(low, middle / 3.2), Math.max(high, middle * 3.2)]; }
    const span = Math.log(high / low) * 0.04;
    [low, high] = [low * Math.exp(-span), high * Math.exp(span)];
    return { log, low, high, at: (v) => (v > 0 ? frame.bottom - (Math.log(v / low) / Math.log(high / low)) * (frame.bottom - frame.top) : frame.bottom + 2) };
  }
  if (low > 0 && low < 0.5 * high) low = 0;
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  [low, high] = [low === 0 ? 0 : low - room, high + room];
  return { log, low, high, at: (v) => frame.bottom - ((v - low) / (high - low)) * (frame.bottom - frame.top) };
}

function linearTicks(low, high, wanted) {
  const raw = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= raw);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

function logTicks(low, high, wanted) {
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first + 1) / wanted)), ticks = [];
  for (let i = first; i <= last; i += every) ticks.push(10 ** i);
  return ticks.length >= 2 ? ticks : linearTicks(low, high, 4).filter((v) => v > 0);
}

const tickText = (value) => {
  const size = Math.log10(Math.abs(value));
  if (value !== 0 && (size >= 5 || size <= -4)) {
    const [factor, exponent] = Number(value.toPrecision(4)).toExponential().split("e");
    return `${factor === "1" ? "" : `${factor}·`}10${superscript(Number(exponent))}`;
  }
  return String(Number(value.toPrecision(6))).replace("-", "−");
};

function drawAxes(svg, request, scale, frame, x) {
  const { span, name } = request;
  const across = span.log ? logTicks(span.left, span.right, 8) : linearTicks(span.left, span.right, frame.right - frame.left > 420 ? 8 : 5);
  for (const value of across) {
    svg.append(drawn("line", { class: "grid", x1: x(value), x2: x(value), y1: frame.top, y2: frame.bottom }));
    svg.append(drawn("text", { class: "tick", x: x(value), y: frame.bottom + 17, "text-anchor": "middle" }, tickText(value)));
  }
  const up = scale.log ? logTicks(scale.low, scale.high, 6) : linearTicks(scale.low, scale.high, 5);
  for (const value of up) {
    const y = scale.at(value);
    if (Number.isNaN(y)) continue;
    svg.append(drawn("line", { class: "grid", x1: frame.left, x2: frame.right, y1: y, y2: y }));
    svg.append(drawn("text", { class: "tick", x: frame.left - 7, y: y + 4, "text-anchor": "end" }, tickText(value)));
  }
  svg.append(drawn("path", { class: "axis", d: `M${frame.left} ${frame.top}V${frame.bottom}H${frame.right}` }));
  svg.append(drawn("text", { class: "axis-name", x: (frame.left + frame.right) / 2, y: frame.bottom + 36, "text-anchor": "middle" }, name));
}

function hatching() {
  const defs = drawn("defs", {}), pattern = drawn("pattern", { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  pattern.append(drawn("line", { class: "hatch", x1: 0, y1: 0, x2: 0, y2: 7 }));
  defs.append(pattern);
  return defs;
}

// The plot in words.
function summary(request, samples) {
  const shown = samples.filter((s) => s.answer.status === "holds");
  if (shown.length === 0) return `Over ${request.name} from ${showNumber(request.span.left)} to ${showNumber(request.span.right)} there is no value.`;
  const [first, last] = [shown[0], shown[shown.length - 1]];
  const told = (s) => `${showNumber(s.answer.value, 4)} at ${request.name} = ${showNumber(s.value, 4)}`;
  let text = first === last ? `Only ${told(first)}.` : `From ${told(first)} to ${told(last)}.`;
  const spans = bands(samples).map(([, , kind, first, last]) => {
    const what = { useless: "is uninformative", elsewhere: "is not computed here", inapplicable: "does not apply" }[kind];
    return `${what} ${first === last ? `at ${request.name} = ${first}` : `for ${request.name} from ${showNumber(Number(first), 4)} to ${showNumber(Number(last), 4)}`}`;
  });
  if (spans.length > 0) text += ` It ${spans.slice(0, 4).join("; ")}.`;
  return text;
}
