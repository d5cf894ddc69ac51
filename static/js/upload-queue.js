// Uploads without a page: what is sent next, three requests at a time over all files.
// A file over 8 MiB goes in parts, so it can pause, and go on even after the page was left: what is stored is asked
// of S3 (ListParts), and each stored part is compared with the file by its MD5 before the rest is sent.
import { md5 } from "./md5.js";

export const PART = 8 * 2 ** 20;
const MOST_PARTS = 10_000;
const AT_ONCE = 3;
const TRIES = 4;
const RATE_MS = 4000; // the rate is that of the last seconds
const uploads = [];
let running = 0;

export const all = () => uploads;
const csrf = () => ({ "X-CSRFToken": document.body.dataset.csrf });
const remembered = (id) => `upload:${id}`;

function pump() {
  while (running < AT_ONCE) {
    let next = null;
    for (const one of uploads) if ((next = one.take())) break;
    if (!next) return;
    running += 1;
    next().finally(() => { running -= 1; pump(); });
  }
}

// What this browser began and nobody ended, in one bucket: [{id, bucket, key, name, size, modified, part}].
export function unfinished(bucket) {
  const found = Object.keys(localStorage).filter((name) => name.startsWith("upload:"));
  return found.map((name) => ({ id: name.slice(7), ...JSON.parse(localStorage.getItem(name)) })).filter((one) => one.bucket === bucket);
}

export const forget = (id) => localStorage.removeItem(remembered(id));

class Refusal extends Error {
  constructor(status, told) {
    super(told.message || `refused (${status})`);
    this.status = status;
    this.code = told.code || "";
  }
}

async function ask(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { ...csrf(), ...options.headers } });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(answer.status, told);
  return told;
}

export class Upload {
  // file: null for one that waits for its file. known: of unfinished(), of an upload to go on with.
  constructor({ bucket, url, key, file, known = null, changed }) {
    Object.assign(this, { bucket, url, key, file, known, changed });
    this.id = known?.id || "";
    this.state = file ? "going" : "waiting"; // then paused, stored, failed, cancelled
    this.told = "";
    this.sizeBytes = file ? file.size : known.size || 0;
    this.requests = new Map(); // part number -> XMLHttpRequest
    this.sent = new Map(); // part number -> bytes
    this.etags = new Map();
    this.samples = [];
    this.pending = null; // part numbers, when they are known
    uploads.push(this);
  }

  get inParts() { return Boolean(this.id) || this.sizeBytes > PART; }
  get partBytes() { return this.known?.part || Math.max(PART, Math.ceil(this.sizeBytes / MOST_PARTS / 2 ** 20) * 2 ** 20); }
  get sentBytes() { return [...this.sent.values()].reduce((sum, one) => sum + one, 0); }
  get query() { return `key=${encodeURIComponent(this.key)}&upload=${encodeURIComponent(this.id)}`; }

  get rate() {
    const [first] = this.samples;
    const last = this.samples.at(-1);
    return first && last.at > first.at ? Math.max(0, (last.bytes - first.bytes) / ((last.at - first.at) / 1000)) : 0;
  }

  start() { pump(); }

  // Returns what to do next as a function, or null when there is nothing to do now.
  take() {
    if (this.state !== "going" || this.busy) return null;
    if (!this.inParts) { this.busy = true; return () => this.whole(); }
    if (!this.pending) { this.busy = true; return () => this.guard(() => this.begin()); }
    if (this.pending.length) { const number = this.pending.shift(); return () => this.part(number); }
    if (this.requests.size) return null;
    this.busy = true;
    return () => this.guard(() => this.complete());
  }

  async guard(act) {
    try {
      await act();
    } catch (error) {
      this.fail(error instanceof Refusal ? error.message : "The connection broke. Resume when it is back.");
    } finally {
      this.busy = false;
      this.changed(this);
    }
  }

  async begin() {
    const count = Math.ceil(this.sizeBytes / this.partBytes);
    const numbers = Array.from({ length: count }, (_, at) => at + 1);
    if (this.id) {
      await this.compare();
    } else {
      const told = await ask(`${this.url}uploads/begin`, { method: "POST", body: JSON.stringify({ key: this.key }) });
      this.id = told.upload;
      this.remember();
    }
    if (this.state === "cancelled") { this.abort(); return; }
    this.pending = numbers.filter((number) => !this.etags.has(number));
  }

  remember() {
    const { bucket, key, file } = this;
    const kept = { bucket, key, name: file.name, size: file.size, modified: file.lastModified, part: this.partBytes };
    localStorage.setItem(remembered(this.id), JSON.stringify(kept));
  }

  // Finds out which parts are stored already, and that they are this file's.
  async compare() {
    this.say("Comparing with what is stored");
    const { parts } = await ask(`${this.url}uploads/parts?${this.query}`);
    const part = this.known?.part || parts[0]?.size || this.partBytes;
    const whole = parts.slice(0, -1).every((one) => one.size === part);
    if (!whole) throw new Refusal(409, { message: "Its parts differ in size, so only the program that began it can go on." });
    this.known = { ...this.known, part: Math.max(part, 5 * 2 ** 20) };
    for (const { number, size, etag } of parts) {
      const from = (number - 1) * this.partBytes;
      const bytes = await this.file.slice(from, from + size).arrayBuffer();
      if (bytes.byteLength !== size || md5(bytes) !== etag.replaceAll('"', "")) {
        throw new Refusal(409, { message: "This is not the file that was begun. Choose that one." });
      }
      this.etags.set(number, etag);
      this.sent.set(number, size);
      if (this.state !== "going") break;
    }
    this.remember();
  }

  send(number, method, url, body) {
    return new Promise((done, broken) => {
      const request = new XMLHttpRequest();
      this.requests.set(number, request);
      request.upload.onprogress = (event) => { this.sent.set(number, event.loaded); this.sample(); };
      request.onload = () => {
        let told = {};
        try { told = JSON.parse(request.responseText); } catch { /* the status says it */ }
        if (request.status === 200) done(told);
        else broken(new Refusal(request.status, told));
      };
      request.onerror = () => broken(new Error("connection"));
      request.onabort = () => broken(new DOMException("stopped", "AbortError"));
      request.open(method, url);
      request.setRequestHeader("X-CSRFToken", document.body.dataset.csrf);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.send(body);
    }).finally(() => this.requests.delete(number));
  }

  async tries(number, url, body) {
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.send(number, "PUT", url, body);
      } catch (error) {
        this.sent.delete(number);
        const passing = !(error instanceof Refusal) || error.status >= 500;
        if (error.name === "AbortError" || !passing || tried === TRIES || this.state !== "going") throw error;
        await new Promise((later) => { setTimeout(later, 500 * 2 ** tried); });
      }
    }
  }

  async whole() {
    try {
      await this.tries(0, `${this.url}upload?key=${encodeURIComponent(this.key)}`, this.file);
      this.sent.set(0, this.sizeBytes);
      this.end("stored", "");
    } catch (error) {
      if (error.name !== "AbortError") this.fail(error instanceof Refusal ? error.message : "The connection broke. Try again when it is back.");
    } finally {
      this.busy = false;
    }
  }

  async part(number) {
    const from = (number - 1) * this.partBytes;
    const body = this.file.slice(from, from + this.partBytes);
    try {
      const told = await this.tries(number, `${this.url}uploads/part?${this.query}&number=${number}`, body);
      this.etags.set(number, told.etag);
      this.sent.set(number, body.size);
      this.sample();
    } catch (error) {
      this.sent.delete(number);
      this.pending.unshift(number);
      if (error.name !== "AbortError") this.fail(error instanceof Refusal ? error.message : "The connection broke. Resume when it is back.");
    }
  }

  async complete() {
    const parts = [...this.etags].sort(([a], [b]) => a - b).map(([number, etag]) => ({ number, etag }));
    const body = JSON.stringify({ key: this.key, upload: this.id, parts });
    await ask(`${this.url}uploads/complete`, { method: "POST", body });
    forget(this.id);
    this.end("stored", "");
  }

  sample() {
    const now = performance.now();
    this.samples.push({ at: now, bytes: this.sentBytes });
    while (this.samples.length > 2 && now - this.samples[0].at > RATE_MS) this.samples.shift();
    this.changed(this);
  }

  say(text) { this.told = text; this.changed(this); }

  fail(text) {
    if (this.state !== "going") return;
    this.stop();
    this.end("failed", text);
  }

  end(state, told) {
    this.state = state;
    this.told = told;
    this.samples = [];
    this.changed(this);
  }

  stop() { for (const request of [...this.requests.values()]) request.abort(); }

  pause() {
    if (this.state !== "going") return;
    this.end("paused", "");
    this.stop();
  }

  resume(file = null) {
    if (file) { this.file = file; this.sizeBytes = file.size; this.pending = null; this.etags.clear(); this.sent.clear(); }
    this.end("going", "");
    pump();
  }

  cancel() {
    const begun = this.id;
    this.end("cancelled", "Cancelled, nothing is stored");
    this.stop();
    if (begun) this.abort();
  }

  abort() {
    forget(this.id);
    const body = new URLSearchParams({ key: this.key, upload: this.id });
    ask(`${this.url}uploads/abort`, { method: "POST", body, headers: { "HX-Request": "true" } }).catch(() => {});
  }
}
