// What the page shows of one image: each part asks for one signature and shows what it answers.

import { fetchScene } from "./server.js";

const SCORES = 10; // are shown at most

export const find = (id) => document.getElementById(id);

// In the order of the page. What a model lacks is named by `without`.
export const PARTS = [
  { at: "v1", signature: "serving_default", output: "scores", show: showScores, without: "no classifier" },
  { at: "page", signature: "detector", show: showDetector, without: "no detector" },
  { at: "v1", signature: "saliency", show: showMap, without: "no decoder of saliency maps" },
  { at: "v1", signature: "reconstruct", show: showImage, without: "no decoder of images" },
  { at: "page", signature: "similar", show: showSimilar, without: "no codes to compare" },
];

export const percent = (part) =>
  new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1 }).format(part);

// Pairs of a class and its score, the highest first.
export function ranked(scores, { classes }) {
  const named = scores.map((score, i) => [classes[i] ?? `class ${i}`, score]);
  return named.sort(([, a], [, b]) => b - a);
}

function showScores(scores, model) {
  const rows = ranked(scores, model).slice(0, SCORES).map(([name, score]) => {
    const bar = element("div", { className: "bar" }, percent(score));
    bar.style.setProperty("--part", Math.min(Math.max(score, 0), 1));
    return element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, bar));
  });
  find("scores").replaceChildren(...rows);
  const all = rows.length === scores.length;
  find("more").textContent = all ? "" : `The highest ${rows.length} of ${scores.length}.`;
}

function showDetector(rows, model, part) {
  find("detector-name").textContent = model.detector;
  showMap(rows, model, part);
}

function showMap(rows, _, { signature }) {
  paint(signature, rows, (value) => Array(3).fill(value * 255));
}

function showImage(rows, { reconstruction }, { signature }) {
  const little = reconstruction < 1; // and it looks like it
  find("weighed").textContent = little ? `: it weighed ${reconstruction} in training` : "";
  paint(signature, rows, (pixel) => (pixel.length === 1 ? Array(3).fill(pixel[0]) : pixel));
}

function paint(id, rows, colour) {
  const canvas = find(id).querySelector("canvas");
  [canvas.width, canvas.height] = [rows[0].length, rows.length];
  const pixels = rows.flat().flatMap((value) => [...colour(value), 255]);
  const data = new ImageData(Uint8ClampedArray.from(pixels), canvas.width);
  canvas.getContext("2d").putImageData(data, 0, 0);
}

// The middle of an image, as much of it as the model sees.
export function showSeen(image, { seen }) {
  const canvas = find("seen").querySelector("canvas");
  const side = Math.min(image.naturalWidth, image.naturalHeight) * seen;
  const [left, top] = [image.naturalWidth, image.naturalHeight].map((n) => (n - side) / 2);
  const shown = Math.min(Math.round(side), 512);
  [canvas.width, canvas.height] = [shown, shown];
  canvas.getContext("2d").drawImage(image, left, top, side, side, 0, 0, shown, shown);
}

async function showSimilar({ scene, similarity, class: names }) {
  const images = scene.map((number) => element("img", { alt: `Sample scene ${number}` }));
  const items = images.map((image, i) => {
    const cosine = element("small", {}, similarity[i].toFixed(3));
    const button = element("button", { type: "button", value: scene[i] });
    button.append(image, element("span", {}, names[i], " ", cosine));
    return element("li", {}, button);
  });
  find("nearest").replaceChildren(...items);
  const drawn = images.map(async (image, i) => (image.src = await sample(scene[i])));
  await Promise.all(drawn);
}

const samples = new Map(); // the addresses of their pictures, by number

async function sample(number) {
  if (!samples.has(number)) {
    samples.set(number, URL.createObjectURL((await fetchScene(number)).blob));
  }
  return samples.get(number);
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
