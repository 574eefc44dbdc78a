// Brings the page up to date every ten seconds, part by part, so that what somebody points at or reads stays in place.
// Without this script the page reloads itself.
"use strict";

const EVERY_MS = 10000;
const fleet = document.getElementById("fleet");
const lost = document.getElementById("lost");

function parts(root) {
  return new Map([...root.querySelectorAll(":scope > [id], main > [id]")].map((part) => [part.id, part.outerHTML]));
}

function sameIds(before, after) {
  return [...before.keys()].join("\n") === [...after.keys()].join("\n");
}

function show(html) {
  const fresh = document.createElement("div");
  fresh.innerHTML = html;
  const after = parts(fresh);
  const focused = document.activeElement ? document.activeElement.id : "";
  if (!sameIds(shown, after)) {
    fleet.replaceChildren(...fresh.childNodes);
  } else {
    for (const [id, text] of after) {
      if (text !== shown.get(id)) document.getElementById(id).outerHTML = text;
    }
  }
  shown = after;
  if (focused && document.getElementById(focused)) document.getElementById(focused).focus({ preventScroll: true });
}

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch("/fleet", { signal: AbortSignal.timeout(EVERY_MS) });
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.text());
    lost.textContent = "";
  } catch {
    lost.textContent = "smartcharge does not answer. This page shows how things stood before.";
  }
}

let shown = parts(fleet);
setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
