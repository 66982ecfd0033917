// One slider and one number box per symbol. Sliders only write short decimals, so that what is shown is what is computed.

const STOPS = 1000;

function shortDecimal(value, integer) {
  if (integer) return String(value < 1000 ? Math.round(value) : Number(value.toPrecision(3)));
  return String(Number(value.toPrecision(3)));
}

// Values on a slider: a share 0 to 1 of the range, with stops of their own for 0 and infinity at its ends.
function textAt(span, share, integer, digits = null) {
  if (span.infinity && share >= 1) return "inf";
  if (span.zero && share <= 0) return "0";
  let value;
  if (span.log) value = span.left * (span.right / span.left) ** share;
  else value = span.left + (span.right - span.left) * share;
  if (digits !== null && !integer) return String(Number(value.toPrecision(digits)));
  if (!span.log && !integer) {
    const step = 10 ** (Math.ceil(Math.log10((span.right - span.left) / STOPS)));
    value = Math.min(Math.max(Math.round(value / step) * step, span.left), span.right);
    return String(Number(value.toPrecision(6)));
  }
  return shortDecimal(value, integer);
}

function shareOf(span, value) {
  if (value === Infinity) return 1;
  if (span.log) return value <= 0 ? 0 : Math.log(value / span.left) / Math.log(span.right / span.left);
  return (value - span.left) / (span.right - span.left);
}

const stopsOf = (span, integer) => (integer && !span.log ? span.right - span.left + (span.infinity ? 1 : 0) : STOPS);

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "html") node.innerHTML = value;
    else if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// Build the control of one symbol; `changed` is told the new text.
function symbolControl(name, symbol, span, meaning, text, changed) {
  const stops = stopsOf(span, symbol.integer);
  const box = element("input", {
    id: `box-${name}`, class: "box", type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", value: text,
    "aria-describedby": `about-${name} problem-${name}`,
  });
  const slider = element("input", {
    class: "slider", type: "range", min: 0, max: stops, step: 1, "aria-label": `${name}, slider`, tabindex: 0,
  });
  const place = () => {
    const number = readNumber(box.value);
    if (number === null) return;
    slider.value = Math.round(Math.min(Math.max(shareOf(span, toDouble(number)), 0), 1) * stops);
    slider.setAttribute("aria-valuetext", box.value);
    slider.style.setProperty("--share", `${(100 * slider.value) / stops}%`);
  };
  slider.addEventListener("input", () => {
    box.value = textAt(span, slider.value / stops, symbol.integer);
    slider.setAttribute("aria-valuetext", box.value);
    slider.style.setProperty("--share", `${(100 * slider.value) / stops}%`);
    changed(box.value);
  });
  box.addEventListener("input", () => { place(); changed(box.value); });
  place();
  const unit = symbol.unit === "1" ? "" : ` · ${symbol.unit}`;
  const control = element("div", { class: "control", "data-name": name },
    element("label", { for: `box-${name}`, html: `<span class="symbol">${symbol.math}</span><code>${name}</code>` }),
    box, slider,
    element("p", { class: "about", id: `about-${name}` }, `${meaning}${unit}`),
    element("p", { class: "problem", id: `problem-${name}`, role: "alert" }));
  return { control, box, set(value) { box.value = value; place(); } };
}

function showProblem(name, problem) {
  const box = document.getElementById(`box-${name}`), line = document.getElementById(`problem-${name}`);
  const message = problem ? `${name} ${problem.startsWith("not") ? "is " : ""}${problem}` : "";
  if (line.textContent !== message) line.textContent = message;
  box.setAttribute("aria-invalid", problem ? "true" : "false");
}
