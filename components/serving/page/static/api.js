// Requests to the server that gave this page. Addresses are relative, so that a proxy may put it anywhere.

export const session = { token: false }; // whether the server wants one

export class Failure extends Error {
  constructor(status, error, detail, retry) {
    super(error);
    Object.assign(this, { status, error, detail, retry });
  }
}

export async function call(method, path, content, signal) {
  const asked = { method, signal, headers: {}, credentials: "same-origin", cache: "no-store" };
  if (content !== undefined) {
    asked.headers["content-type"] = "application/json";
    asked.body = JSON.stringify(content);
  }
  let found;
  try {
    found = await fetch(path, asked);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(0, "", [], null);
  }
  const text = await found.text();
  const json = (found.headers.get("content-type") ?? "").startsWith("application/json");
  const answer = json && text ? JSON.parse(text) : text;
  if (found.ok) return answer;
  if (found.status === 401 && path !== "login") dispatchEvent(new Event("tokenwanted")); // it has become another
  const told = json && answer && typeof answer === "object" ? answer : {};
  const error = typeof told.error === "string" ? told.error : `${found.status} ${found.statusText}`;
  throw new Failure(found.status, error, told.detail ?? [], found.headers.get("retry-after"));
}

// Rows of one case. What is tried on the page is not logged: monitoring would take it for what customers ask.
export const predict = (name, rows, more, signal) =>
  call("POST", `v1/${encodeURIComponent(name)}/predict`, { rows, log: false, ...more }, signal);

// Calls only the newest request's `then`; those before it are given up.
export function latest() {
  let running = null;
  return async (ask, then, failed) => {
    running?.abort();
    const mine = (running = new AbortController());
    try {
      const found = await ask(mine.signal);
      if (running === mine) then(found);
    } catch (error) {
      if (error.name === "AbortError" || running !== mine) return;
      if (!(error instanceof Failure)) throw error;
      failed(error);
    }
  };
}
