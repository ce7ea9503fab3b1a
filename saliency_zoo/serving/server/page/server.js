// What the page asks the server for. Addresses are relative, so that a proxy may put it anywhere.

let token = ""; // nowhere but here

export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

export function useToken(word) {
  token = word;
}

async function ask(path, options = {}) {
  const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The server cannot be reached, or broke off.");
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  const sentence = said.error ?? `The server answered with status ${response.status}.`;
  throw new Refused(response.status, sentence);
}

export async function fetchModels() {
  return (await ask("page/models")).json();
}

export async function fetchScene(number, signal) {
  const response = await ask(`page/scenes/${number}.png`, { signal });
  return { blob: await response.blob(), name: response.headers.get("x-scene") };
}

// The row of one image. `at` is a protocol of the server, or "page"; without a version it is the
// newest one that answers.
export async function predict({ at, signature }, model, version, blob, signal) {
  const versioned = version && `/versions/${version}`;
  const path = `${at}/models/${encodeURIComponent(model)}${versioned}:predict`;
  const type = blob.type.startsWith("image/") ? blob.type : "image/png"; // the server looks inside
  const options = { method: "POST", body: blob, headers: { "Content-Type": type }, signal };
  const response = await ask(`${path}?signature_name=${signature}`, options);
  return (await response.json()).predictions[0];
}
