// What pages do more where scripts run: keep themselves current, copy, read charts, save switches at once.
"use strict";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// A sync that is running: asks each second how far it has come, and loads the page again when it has ended.
for (const box of all("[data-progress-url]")) {
  const bar = box.querySelector("progress");
  const words = box.querySelector(".words");
  box.querySelector(".refresh").hidden = true;
  let failures = 0;
  const ask = async () => {
    try {
      const answer = await fetch(box.dataset.progressUrl, { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      const { done, total, days_done: days, days_total: all_days, finished } = await answer.json();
      failures = 0;
      if (total > 0) bar.max = total;
      bar.value = finished ? bar.max : done + (all_days > 0 ? days / all_days : 0);
      if (finished) return location.reload();
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
}

// The parts that change: fetched again while the page is looked at, and exchanged only when they differ.
const live = all("[data-live][id]");
const refresh = async () => {
  const held = document.activeElement;
  const busy = document.hidden || (held && live.some((part) => part.contains(held))) || !getSelection().isCollapsed;
  if (!busy) {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.redirected) return;
      if (answer.ok) exchange(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* The next round may find the server again. */ }
  }
  setTimeout(refresh, 15000);
};
const exchange = (fresh) => {
  for (const part of live) {
    const newer = fresh.getElementById(part.id);
    if (newer && newer.innerHTML !== part.innerHTML) part.replaceChildren(...newer.childNodes);
  }
};
if (live.length) setTimeout(refresh, 15000);

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
for (const chart of all("svg.chart[data-heights]")) {
  const rows = all("tbody tr", chart.closest("figure"));
  if (!rows.length) continue;
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
