// The page: which model looks at which image, and what is said of it.

import { PARTS, find, percent, ranked, showSeen } from "./parts.js";
import { fetchModels, fetchScene, predict, useToken } from "./server.js";

let models = [];
let current = null; // {blob, label}
let pending = new AbortController();

// The choosers

const model = () => models.find(({ name }) => name === find("model").value);

function version() {
  const { versions } = model();
  return versions.find((one) => String(one.version) === find("version").value) ?? versions[0];
}

function offered({ at, signature, output }) {
  const { signatures, views } = version();
  if (at === "page") return views.includes(signature);
  return signature in signatures && (!output || signatures[signature].includes(output));
}

async function loadModels() {
  try {
    models = await fetchModels();
  } catch (error) {
    return alertOf(error);
  }
  fill(find("model"), models.map(({ name }) => [name, name]));
  find("choosers").hidden = false;
  return chooseModel();
}

function chooseModel() {
  const { description, versions } = model();
  find("description").textContent = description;
  const numbered = versions.map((one) => [one.version, one.version]);
  fill(find("version"), [["", `newest (${versions[0].version})`], ...numbered]);
  find("of-versions").hidden = versions.length < 2;
  return lookAgain();
}

function fill(select, choices) {
  select.replaceChildren(...choices.map(([value, text]) => new Option(text, value)));
}

find("model").addEventListener("change", chooseModel);
find("version").addEventListener("change", lookAgain);

// One image

async function lookAgain() {
  if (current) await look(current);
}

async function look(image) {
  current = image;
  if (!models.length) return loadModels(); // which looks at it
  const signal = restart();
  say("Working…");
  find("results").setAttribute("aria-busy", "true");
  const drawn = showGiven(image);
  const [name, number] = [find("model").value, find("version").value];
  const answers = PARTS.filter(offered).map(async (part) => ({
    part,
    answer: await predict(part, name, number, image.blob, signal),
  }));
  const settled = await Promise.allSettled(answers);
  await drawn;
  if (!signal.aborted) show(settled);
}

// What was asked for the image before is no longer wanted.
function restart() {
  pending.abort();
  pending = new AbortController();
  return pending.signal;
}

async function showGiven({ blob, label }) {
  find("hint").hidden = true;
  find("given").hidden = false;
  find("caption").textContent = label;
  const image = find("image");
  const url = URL.createObjectURL(blob);
  URL.revokeObjectURL(image.src);
  Object.assign(image, { src: url, alt: label, hidden: false });
  try {
    await image.decode();
    showSeen(image, model());
  } catch {
    if (image.src === url) image.hidden = true; // the server says why
  }
}

function show(settled) {
  const answers = settled.flatMap(({ value }) => value ?? []);
  const failed = settled.flatMap(({ reason }) => reason ?? []);
  for (const part of PARTS) find(part.signature).hidden = true;
  const shown = answers.map(({ part, answer }) => {
    find(part.signature).hidden = false;
    return part.show(answer, model(), part);
  });
  const lacking = PARTS.filter((part) => !offered(part)).map(({ without }) => without);
  const words = new Intl.ListFormat("en").format(lacking);
  find("lacks").textContent = words && `This model has ${words}.`;
  find("results").hidden = failed.length > 0 && !answers.length;
  find("results").removeAttribute("aria-busy");
  if (failed.length) alertOf(failed[0]);
  else say(summary(answers));
  Promise.all(shown).catch(alertOf);
}

function summary(answers) {
  const scores = answers.find(({ part }) => part.output === "scores");
  if (!scores) return "Done.";
  const [[name, score]] = ranked(scores.answer, model());
  return `Most likely ${name}, ${percent(score)}.`;
}

// Ways in

async function lookAtScene(number) {
  try {
    const { blob, name } = await fetchScene(number, restart());
    await look({ blob, label: `Generated scene ${number}: ${name}` });
  } catch (error) {
    alertOf(error);
  }
}

function lookAtFile(file, source) {
  if (file) look({ blob: file, label: file.name });
  else alertOf(new Error(`There is no image in what was ${source}.`));
}

find("file").addEventListener("change", ({ target }) => {
  if (target.files.length) lookAtFile(target.files[0]);
  target.value = ""; // so that the same file can be chosen again
});

find("scene").addEventListener("click", () => lookAtScene(Math.floor(100 + Math.random() * 1e6)));

find("nearest").addEventListener("click", async ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  await lookAtScene(button.value);
  find("input-heading").focus(); // the button that had the focus is gone
});

document.addEventListener("paste", (event) => {
  if (event.target !== find("token")) lookAtFile(event.clipboardData.files[0], "pasted");
});

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    find("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") lookAtFile(event.dataTransfer.files[0], "dropped");
  });
}

// The token

function wantToken() {
  find("access").hidden = false;
  find("token").focus();
}

find("access").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken(find("token").value);
  find("token").value = "";
  find("access").hidden = true;
  find("scene").focus();
  say("");
  loadModels();
});

// What is said

function say(sentence) {
  find("status").textContent = sentence;
  find("alert").textContent = "";
}

function alertOf(error) {
  if (error.name === "AbortError") return;
  find("status").textContent = "";
  find("alert").textContent = error.message;
  if (error.status === 401) wantToken();
}

// A scene may be named in the address, as `#scene=7`.
const [, named] = location.hash.match(/^#scene=(\d+)$/) ?? [];
await loadModels();
if (named) lookAtScene(named);
