// What pages do more where scripts run: keep themselves current, copy, read charts, save switches at once.
"use strict";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// A sync that is running: asks each second how far it has come, and has the page renewed when it has ended.
const accompany = (box) => {
  const bar = box.querySelector("progress");
  const words = box.querySelector(".words");
  box.querySelector(".refresh").hidden = true;
  let failures = 0;
  const ask = async () => {
    if (!box.isConnected) return;
    try {
      const answer = await fetch(box.dataset.progressUrl, { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      const { done, total, days_done: days, days_total: all_days, finished } = await answer.json();
      failures = 0;
      if (total > 0) bar.max = total;
      bar.value = finished ? bar.max : done + (all_days > 0 ? days / all_days : 0);
      if (finished) return box.closest("[data-live]") ? soon(0) : location.reload();
      const day = all_days > 0 ? `day ${days} of ${all_days}, ` : "";
      const text = total > 0 ? `${day}${done} of ${total} kinds` : "about to begin";
      if (words.textContent !== text) words.textContent = text;
    } catch {
      failures += 1;
      if (failures > 5) return (box.querySelector(".refresh").hidden = false);
    }
    setTimeout(ask, 1000 * 2 ** failures);
  };
  setTimeout(ask, 1000);
};
all("[data-progress-url]").forEach(accompany);

// The parts that change: fetched again when something has happened, and now and then; exchanged only when they differ.
const live = all("[data-live][id]");
const was = new Map(live.map((part) => [part, part.innerHTML]));
let timer;
let due = Infinity;
let asking = false;
let early = 0;
// What is due sooner stands.
const soon = (wait) => {
  const at = performance.now() + wait;
  if (!live.length || at >= due) return;
  clearTimeout(timer);
  due = at;
  timer = setTimeout(refresh, wait);
};
// While something is being done it is looked at sooner, and less often the longer it takes.
const later = () => {
  early = document.querySelector("[data-live] .state.pending") ? early + 1 : 0;
  soon(early && early < 5 ? 500 * 2 ** early : 15000);
};
const refresh = async () => {
  due = Infinity;
  if (asking) return soon(200);
  if (document.hidden || !getSelection().isCollapsed) return soon(2000);
  asking = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.redirected) return (live.length = 0);
    if (answer.ok) exchange(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* The next round may find the server again. */ }
  finally { asking = false; }
  later();
};
const exchange = (fresh) => {
  for (const part of live) {
    const newer = fresh.getElementById(part.id);
    if (!newer || newer.innerHTML === was.get(part)) continue;
    // What somebody is reading or working on waits for the next round.
    if (part.contains(document.activeElement) || part.querySelector("svg.chart:hover")) {
      soon(2000);
      continue;
    }
    was.set(part, newer.innerHTML);
    part.replaceChildren(...newer.childNodes);
    all("svg.chart[data-heights]", part).forEach(readable);
    all("[data-progress-url]", part).forEach(accompany);
  }
};
later();

// Follows a stream: opens it again when the server was away, and leaves it alone while nobody looks at the page.
const follow = (url, names, heard, say) => {
  let source;
  let retry;
  let failures = 0;
  const open = () => {
    source = new EventSource(url());
    for (const name of names) source.addEventListener(name, heard);
    source.addEventListener("open", () => {
      failures = 0;
      say("Live");
    });
    source.addEventListener("error", () => {
      say("Connecting again …");
      if (source.readyState !== EventSource.CLOSED) return;
      failures += 1;
      // Signed out, perhaps: the page, loaded again, says so.
      if (failures > 5) say("Not live: load the page again");
      retry = setTimeout(open, Math.min(60000, 1000 * 2 ** failures));
    });
  };
  const close = () => {
    clearTimeout(retry);
    source?.close();
    source = undefined;
  };
  const attend = () => (document.hidden ? close() : source || open());
  document.addEventListener("visibilitychange", attend);
  addEventListener("pagehide", close);
  addEventListener("pageshow", attend);
  attend();
};

// The stream of events: goes on where it was.
for (const said of all("[data-stream]")) {
  said.hidden = false;
  let after = said.dataset.after;
  const heard = (event) => {
    after = event.lastEventId || after;
    soon(200);
  };
  const say = (words) => {
    said.textContent = words;
    soon(1000);
  };
  follow(() => `${said.dataset.stream}?after=${after}`, ["added", "revised", "removed", "reset"], heard, say);
}

// Everybody's events, for who runs the server: only while they want to watch, the newest first.
for (const button of all("[data-watch]")) {
  const list = document.querySelector("[data-watched]");
  const show = ({ data }) => {
    const { at, user_id: who, type, kind, provider } = JSON.parse(data);
    const line = document.createElement("li");
    const part = (text, name) => line.append(Object.assign(document.createElement("span"), { textContent: text, className: name }));
    part(new Date(at).toLocaleTimeString([], { hourCycle: "h23" }), "quiet");
    part(`${kind.replaceAll("_", " ")} ${type}`, "");
    part(`${provider} · ${who}`, "quiet");
    list.prepend(line);
    while (list.children.length > 50) list.lastChild.remove();
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    const say = (words) => (button.textContent = words === "Live" ? "Watching" : words);
    follow(() => button.dataset.watch, ["added", "revised", "removed"], show, say);
  }, { once: true });
}

// Copying.
for (const button of all("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  const name = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = name), 2000);
  });
}

// Switches are saved when they are flipped; where that fails, the button comes back.
for (const form of all("form[data-autosave]")) {
  const button = form.querySelector("button");
  const said = document.createElement("span");
  said.className = "quiet";
  said.setAttribute("role", "status");
  button.after(said);
  button.hidden = true;
  const save = async () => {
    said.textContent = "Saving …";
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      const signedOut = new URL(answer.url).pathname === "/sign-in";
      if (!answer.ok || signedOut) throw new Error(answer.status);
      said.textContent = "Saved";
    } catch {
      said.textContent = "Not saved.";
      button.hidden = false;
    }
  };
  let before = Promise.resolve();
  form.addEventListener("change", () => (before = before.then(save)));
}

// Charts: the pointer or the arrow keys read a day's value, taken from the table behind the drawing.
function readable(chart) {
  const rows = all("tbody tr", chart.closest("figure"));
  if (!rows.length) return;
  const heights = chart.dataset.heights.split(",");
  const first = Number(chart.dataset.first);
  const step = Number(chart.dataset.step);
  const reading = chart.closest("figure").querySelector(".reading");
  const mark = (name, attributes) => {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    shape.setAttribute("visibility", "hidden");
    return chart.appendChild(shape);
  };
  const hair = mark("path", { class: "cursor" });
  const spot = mark("circle", { class: "dot", r: 4 });
  let at = rows.length - 1;

  const say = () => {
    const [day, value] = all("th, td", rows[at]).map((cell) => cell.textContent.trim());
    return value === "–" ? `no value on ${day}` : `${value} on ${day}`;
  };
  const show = (to) => {
    at = Math.max(0, Math.min(rows.length - 1, to));
    const x = first + step * at;
    hair.setAttribute("d", `M${x} 12V112`);
    hair.setAttribute("visibility", "visible");
    spot.setAttribute("visibility", heights[at] ? "visible" : "hidden");
    if (heights[at]) spot.setAttribute("cx", x), spot.setAttribute("cy", heights[at]);
    reading.textContent = say();
    chart.setAttribute("aria-valuenow", at + 1);
    chart.setAttribute("aria-valuetext", say());
  };
  const rest = () => {
    for (const shape of [hair, spot]) shape.setAttribute("visibility", "hidden");
    reading.textContent = reading.dataset.rest;
  };

  chart.tabIndex = 0;
  for (const [key, value] of Object.entries({ role: "slider", "aria-readonly": "true", "aria-valuemin": 1, "aria-valuemax": rows.length }))
    chart.setAttribute(key, value);
  chart.setAttribute("aria-valuenow", at + 1);
  chart.setAttribute("aria-valuetext", say());
  chart.addEventListener("pointermove", (event) => {
    const spread = chart.getBoundingClientRect();
    show(step ? Math.round((((event.clientX - spread.left) / spread.width) * chart.viewBox.baseVal.width - first) / step) : 0);
  });
  chart.addEventListener("pointerleave", rest);
  chart.addEventListener("focus", () => show(at));
  chart.addEventListener("blur", rest);
  chart.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to);
  });
}
all("svg.chart[data-heights]").forEach(readable);

// The account menu closes as menus do.
const menu = document.querySelector(".account");
if (menu) {
  document.addEventListener("click", (event) => menu.contains(event.target) || (menu.open = false));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
