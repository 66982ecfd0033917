// The page: which theorem and regime is shown, its numbers, and what they give. The state lives in the address.

const DATA = JSON.parse(document.getElementById("data").textContent);
const BY_ID = new Map(DATA.theorems.map((theorem) => [theorem.id, theorem]));
const RELATION = { upper: "≤", lower: "≥", exact: "=" };
const DIRECTION = { upper: "upper bound", lower: "lower bound", exact: "identity" };
const MODE = { deterministic: "surely", expectation: "in the mean", probability: "with probability 1 − δ" };
const state = { theorem: DATA.theorems[0], regime: DATA.theorems[0].regimes[0], texts: {}, over: "", yScale: "auto" };
const controls = new Map();
const $ = (id) => document.getElementById(id);

// --- the list ------------------------------------------------------------------------------------------------------

const groupOf = (theorem) => theorem.id.split(".")[0];

function groupTitle(group) {
  const paper = DATA.papers[group];
  if (!paper) return group === "lemma" ? "Classical lemmas" : group;
  const surname = paper.authors[0].split(" ").pop();
  return `${surname}${paper.authors.length > 1 ? " et al." : ""} ${paper.year}`;
}

function buildList() {
  const order = [...new Set(DATA.theorems.map(groupOf))].sort((a, b) => (a === "lemma") - (b === "lemma"));
  for (const group of order) {
    const block = element("ul", { role: "group", "aria-label": groupTitle(group) }, element("li", { class: "group", role: "presentation" }, groupTitle(group)));
    for (const theorem of DATA.theorems.filter((t) => groupOf(t) === group)) {
      const quantities = [...new Set(theorem.regimes.map((r) => r.quantity))];
      block.append(element("li", {
        role: "option", id: `option-${theorem.id}`, "data-id": theorem.id, "aria-selected": "false",
        "data-text": [theorem.id, theorem.statement, ...quantities, theorem.label].join(" ").toLowerCase(),
        on: { click: () => choose(theorem.id) },
      }, words(theorem.id.split(".").slice(1).join("."))));
    }
    $("list").append(block);
  }
}

const visibleOptions = () => [...$("list").querySelectorAll('[role="option"]:not([hidden])')];

function filterList() {
  const wanted = $("search").value.toLowerCase().replaceAll("_", " ").split(/\s+/).filter(Boolean);
  for (const option of $("list").querySelectorAll('[role="option"]')) {
    const text = option.dataset.text.replaceAll("_", " ");
    option.hidden = !wanted.every((word) => text.includes(word));
  }
  for (const group of $("list").children) group.hidden = group.querySelectorAll('[role="option"]:not([hidden])').length === 0;
  const found = visibleOptions().length;
  $("found").textContent = wanted.length > 0 ? `${found} of ${DATA.theorems.length} theorems` : `${found} theorems`;
  activate(visibleOptions()[0] || null);
}

function activate(option) {
  for (const other of $("list").querySelectorAll(".active")) other.classList.remove("active");
  if (option) option.classList.add("active");
  if (option && document.activeElement === $("search")) {
    const list = $("list"), top = option.offsetTop - list.offsetTop;
    if (top < list.scrollTop || top + option.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 2;
  }
  $("search").setAttribute("aria-activedescendant", option ? option.id : "");
}

function searchKey(event) {
  const options = visibleOptions(), at = options.findIndex((o) => o.classList.contains("active"));
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 };
  if (event.key in moves && options.length > 0) {
    event.preventDefault();
    openList(true);
    activate(options[Math.min(Math.max(moves[event.key], 0), options.length - 1)]);
  } else if (event.key === "Enter" && options[at]) choose(options[at].dataset.id);
  else if (event.key === "Escape") { if ($("search").value) { $("search").value = ""; filterList(); } else openList(false); }
}

function openList(open) {
  document.body.classList.toggle("listing", open);
  $("search").setAttribute("aria-expanded", open || !narrow.matches ? "true" : "false");
}

const narrow = window.matchMedia("(max-width: 899px)");

// --- the state -----------------------------------------------------------------------------------------------------

function choose(id) {
  const theorem = BY_ID.get(id);
  show(theorem, theorem.regimes[theorem.first], {});
  openList(false);
  if (narrow.matches) $("title").focus();
}

// Show a regime, keeping the numbers that both know.
function show(theorem, regime, texts) {
  state.theorem = theorem;
  state.regime = regime;
  state.texts = {};
  for (const name of regime.symbols) state.texts[name] = texts[name] ?? (regime.start ? regime.start[name] : "1");
  if (!regime.symbols.includes(state.over)) state.over = favourite(regime);
  render();
  refresh();
}

const favourite = (regime) => ["t", "n", "lam", "alpha", "x", "kl", "s"].find((name) => regime.symbols.includes(name)) || regime.symbols[0] || "";

function hashText() {
  const parts = new URLSearchParams({ ...state.regime.choices, ...state.texts });
  if (state.over) parts.set("over", state.over);
  if (state.yScale !== "auto") parts.set("y", state.yScale);
  return `#${state.theorem.id}?${parts}`;
}

let saving = 0;
// The part of the address that was last written or read here.
let known = location.hash;

function saveState() {
  clearTimeout(saving);
  saving = setTimeout(() => {
    // A new address that has not been read yet must not be lost.
    if (location.hash !== known) return;
    // Some browsers refuse to rewrite the address of a local file; then it is set in the plain way.
    try { history.replaceState(null, "", hashText()); } catch { location.hash = hashText(); }
    known = location.hash;
  }, 150);
}

// The address as text; one that is not well formed is none.
function address() {
  try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; }
}

function readState() {
  const [id, query = ""] = address().split("?");
  const theorem = BY_ID.get(id);
  if (!theorem) return false;
  const given = Object.fromEntries(new URLSearchParams(query));
  const fits = (regime) => Object.entries(regime.choices).filter(([name, value]) => given[name] === value).length;
  const regime = [...theorem.regimes].sort((a, b) => fits(b) - fits(a))[0];
  const named = Object.keys(regime.choices).some((name) => name in given);
  state.over = given.over || "";
  state.yScale = ["linear", "log"].includes(given.y) ? given.y : "auto";
  if (given.y === undefined && given.over === undefined && !named) show(theorem, theorem.regimes[theorem.first], given);
  else show(theorem, regime, given);
  return true;
}

// --- what is shown -------------------------------------------------------------------------------------------------

function render() {
  const { theorem, regime } = state, paper = DATA.papers[theorem.paper];
  document.title = `${theorem.id} · loopbounds`;
  for (const option of $("list").querySelectorAll('[role="option"]')) option.setAttribute("aria-selected", option.dataset.id === theorem.id ? "true" : "false");
  $("title").textContent = theorem.id;
  $("statement").replaceChildren(...marked(theorem.statement));
  $("source").textContent = `${theorem.label[0].toUpperCase()}${theorem.label.slice(1)}. ${paper.authors.join(", ")}: ${paper.title}. ${paper.venue}, ${paper.year}.`;
  $("standing").textContent = regime.standing;
  $("standing").dataset.standing = regime.standing;
  $("standing-meaning").textContent = regime.standingMeaning;
  $("kind").textContent = `${DIRECTION[regime.direction]}, ${MODE[theorem.mode]}`;
  $("formula").innerHTML = regime.math;
  $("quantity").textContent = regime.quantity + (regime.unit === "1" ? "" : ` (${regime.unit})`);
  $("assumptions").replaceChildren(...theorem.assumptions.map((text) => element("li", {}, ...marked(text))));
  $("assumed").hidden = theorem.assumptions.length === 0;
  const others = theorem.structured.map((s) => `${s.name} (${s.meaning})`).join("; ");
  $("structured").textContent = others ? `In Python it also takes ${others}.` : "";
  renderChoices();
  controls.clear();
  const built = regime.symbols.map((name) => {
    const control = symbolControl(name, DATA.symbols[name], regime.spans[name], theorem.sizes[name] ?? DATA.symbols[name].meaning, state.texts[name], (text) => { state.texts[name] = text; refresh(); });
    controls.set(name, control);
    return control.control;
  });
  $("symbols").replaceChildren(...built);
  $("over").replaceChildren(...regime.symbols.map((name) => element("option", { value: name, selected: name === state.over }, name)));
  $("over").value = state.over;
  $("y-scale").value = state.yScale;
}

// Prose in which `names` are set as code.
function marked(text) {
  return text.split("`").map((part, i) => (i % 2 === 1 ? element("code", {}, part) : document.createTextNode(part)));
}

// Selectors for what names the regime; a value that fits no regime together with the others moves those.
function renderChoices() {
  const { theorem, regime } = state, names = Object.keys(regime.choices);
  $("choices").hidden = names.length === 0;
  $("choices").replaceChildren(...names.map((name) => {
    const values = [...new Set(theorem.regimes.map((r) => r.choices[name]))];
    const select = element("select", { id: `choice-${name}`, on: { change: () => {
      const wanted = { ...state.regime.choices, [name]: select.value };
      const agreeing = (r) => names.filter((other) => r.choices[other] === wanted[other]).length + 10 * (r.choices[name] === select.value);
      const next = [...theorem.regimes].sort((a, b) => agreeing(b) - agreeing(a))[0];
      show(theorem, next, state.texts);
      $(`choice-${name}`).focus();
    } } }, ...values.map((value) => element("option", { value, selected: value === regime.choices[name] }, words(value))));
    select.value = regime.choices[name];
    return element("div", { class: "choice" }, element("label", { for: `choice-${name}` }, words(name)), select);
  }));
}

const MARK = { holds: "✓", fails: "✗", edge: "≈" };

function hypothesisItem(hypothesis, checked) {
  const word = { holds: "holds", fails: "fails", edge: "on the edge: not decided" }[checked.state];
  const [left, right] = showPair(checked.left, checked.right);
  const sides = checked.equal ? `both sides are equal: ${left}` : `left side ${left}, right side ${right}`;
  return element("li", { class: checked.state },
    element("span", { class: "mark", "aria-hidden": "true" }, MARK[checked.state]),
    element("span", { class: "relation", html: hypothesis.math }),
    element("span", { class: "sides" }, element("b", {}, word), ` · ${sides}`));
}

function answerNow(quick) {
  const { regime, texts } = state;
  if (regime.absent) return { problems: {}, hypotheses: [], status: "elsewhere", value: NaN, informative: null, reason: regime.absent };
  return assess(regime, texts, DATA.symbols, quick);
}

let settling = 0;

// Show what the numbers give. An integral is shown to plotting accuracy at once and in full when the numbers rest.
function refresh() {
  const { integrates } = state.regime;
  clearTimeout(settling);
  const answer = answerNow(integrates);
  showAnswer(answer, integrates);
  startPlot(answer);
  saveState();
  if (integrates) settling = setTimeout(() => showAnswer(answerNow(false), false), 250);
}

function showAnswer(answer, rough) {
  const { theorem, regime, texts } = state;
  for (const name of regime.symbols) showProblem(name, answer.problems[name]);
  const number = $("value"), holds = answer.status === "holds";
  $("result").dataset.status = holds ? (answer.informative === false ? "useless" : "holds") : answer.status;
  $("left").innerHTML = regime.left;
  $("relation").textContent = RELATION[regime.direction];
  number.textContent = holds ? showNumber(answer.value) : "—";
  $("result").setAttribute("aria-busy", rough);
  $("digits").textContent = rough ? "…" : holds && showNumber(answer.value) !== String(answer.value).replace("-", "−") ? `${String(answer.value).replace("-", "−")}${regime.integrates ? " (by quadrature)" : ""}` : "";
  $("verdict").textContent = verdict(regime, answer);
  $("hypotheses").replaceChildren(...answer.hypotheses.map((checked, i) => hypothesisItem(regime.hypotheses[i], checked)));
  $("no-hypotheses").hidden = regime.hypotheses.length > 0;
  $("no-numbers").hidden = regime.hypotheses.length === 0 || answer.status !== "outside";
  const complete = Object.keys(answer.problems).length === 0;
  $("command").textContent = complete ? commandLine(theorem, regime, texts) : "";
  $("python").textContent = complete ? pythonLine(theorem, regime, texts) : "";
}

function verdict(regime, answer) {
  const better = { upper: "below", lower: "above" }[regime.direction];
  switch (answer.status) {
    case "outside": return `No value: ${Object.entries(answer.problems).map(([name, problem]) => `${name} ${problem.startsWith("not") ? "is " : ""}${problem}`).join("; ")}.`;
    case "inapplicable": return "The theorem says nothing here: a hypothesis fails.";
    case "edge": return "No value: a hypothesis is on its edge, and its sides cannot be told apart.";
    case "elsewhere": return `Not computed on this page: ${answer.reason}. The command below may still tell.`;
    default:
  }
  if (regime.direction === "exact") return "An identity: this is the value itself.";
  if (answer.informative === null) return "The hypotheses hold. There is no trivial value to compare with.";
  const trivial = showNumber(answer.trivial);
  return answer.informative ? `Informative: ${better} the trivial value ${trivial}.` : `Uninformative: not ${better} the trivial value ${trivial}, which holds without any theorem.`;
}

let plot = null, pending = 0;

function startPlot(answer) {
  const { regime, texts, over } = state;
  $("plot-part").hidden = !over || regime.absent !== null;
  if ($("plot-part").hidden) return;
  const symbol = DATA.symbols[over], number = readNumber(texts[over]);
  const others = Object.keys(answer.problems).filter((name) => name !== over);
  if (others.length > 0) return;
  const base = { ...texts };
  const request = {
    name: over, span: { ...regime.spans[over] }, integer: symbol.integer, yScale: state.yScale, count: regime.integrates ? 64 : 192,
    here: number && !isInfinite(number) ? { value: toDouble(number), answer } : null,
    assess: (text) => assess(regime, { ...base, [over]: text }, DATA.symbols, true),
  };
  clearTimeout(pending);
  pending = setTimeout(() => plot.start(request), 20);
}

async function copy(event) {
  const source = $(event.target.dataset.copy), { textContent } = source;
  try { await navigator.clipboard.writeText(textContent); } catch {
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.execCommand("copy");
  }
  $("copied").textContent = "Copied.";
  const { textContent: before } = event.target;
  event.target.textContent = "copied";
  setTimeout(() => { event.target.textContent = before === "copied" ? "copy" : before; $("copied").textContent = ""; }, 1200);
}

function begin() {
  buildList();
  plot = new Plot($("plot"), $("caption"), (text) => { controls.get(state.over).set(text); state.texts[state.over] = text; refresh(); });
  $("search").addEventListener("input", () => { openList(true); filterList(); });
  $("search").addEventListener("keydown", searchKey);
  $("search").addEventListener("focus", () => openList(true));
  $("over").addEventListener("change", () => { state.over = $("over").value; refresh(); });
  $("y-scale").addEventListener("change", () => { state.yScale = $("y-scale").value; refresh(); });
  for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", copy);
  $("reset").addEventListener("click", () => show(state.theorem, state.regime, {}));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); $("search").focus(); }
  });
  document.addEventListener("click", (event) => { if (!$("side").contains(event.target)) openList(false); });
  window.addEventListener("hashchange", () => {
    known = location.hash;
    if (address() !== decodeURIComponent(hashText().slice(1))) readState();
  });
  window.addEventListener("resize", () => plot.repaint());
  filterList();
  openList(false);
  if (!readState()) choose(visibleOptions()[0].dataset.id);
  document.body.dataset.ready = "true";
}

begin();
