// Numbers and commands as people read them.

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function superscript(exponent) {
  return (exponent < 0 ? "⁻" : "") + String(Math.abs(exponent)).replace(/\d/g, (digit) => SUPERSCRIPT[digit]);
}

function showNumber(value, digits = 6) {
  if (Number.isNaN(value)) return "undefined";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  const short = Number(value.toPrecision(digits));
  let text;
  if (size < -4 || size >= 7) {
    const [factor, exponent] = value.toExponential(digits - 1).split("e");
    text = `${Number(factor)} × 10${superscript(Number(exponent))}`;
  } else text = String(short);
  return text.replace("-", "−");
}

// Two numbers side by side, with as many digits as it takes to see that they differ.
function showPair(left, right) {
  let shown = [showNumber(left), showNumber(right)];
  if (left !== right && shown[0] === shown[1]) shown = [showNumber(left, 16), showNumber(right, 16)];
  return shown;
}

const isPlainInteger = (text) => /^\d{1,15}$/.test(text);

function commandLine(theorem, regime, texts) {
  const given = [...Object.entries(regime.choices), ...regime.symbols.map((name) => [name, texts[name].trim()])];
  return `loopbounds eval ${theorem.id} ${given.map(([name, text]) => `${name}=${text}`).join(" ")}`.trim();
}

function pythonLine(theorem, regime, texts) {
  const choices = Object.entries(regime.choices).map(([name, text]) => `${name}="${text}"`);
  const numbers = regime.symbols.map((name) => {
    const text = texts[name].trim();
    return `${name}=${isPlainInteger(text) ? text : `"${text}"`}`;
  });
  return `bounds.get("${theorem.id}").evaluate(${[...choices, ...numbers].join(", ")})`;
}

const words = (name) => name.replaceAll("_", " ");
