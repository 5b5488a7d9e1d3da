// A page that says data-live="seconds" is looked at again so often, unless somebody is busy with it.
"use strict";

const seconds = Number(document.querySelector("main")?.dataset.live);

function busy(main) {
  const selection = document.getSelection();
  return document.visibilityState !== "visible"
    || (main !== document.activeElement && main.contains(document.activeElement))
    || (selection !== null && !selection.isCollapsed);
}

async function look() {
  const main = document.querySelector("main");
  const told = document.getElementById("liveness");
  if (!busy(main)) {
    try {
      const answer = await fetch(location.href, { signal: AbortSignal.timeout(10000) });
      if (answer.redirected) {
        location.reload();
        return;
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!busy(main)) {
        main.replaceChildren(...page.querySelector("main").childNodes);
        told.textContent = "";
      }
    } catch {
      told.textContent = " · no answer from the API: what is shown is not of now";
    }
  }
  setTimeout(look, seconds * 1000);
}

if (seconds > 0) {
  setTimeout(look, seconds * 1000);
}
