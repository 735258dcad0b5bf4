"use strict";
// All pages work without this file, except passkeys and what is live.

// Times in the reader's own zone.
function showTimes(part) {
  for (const time of part.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const text = at.toLocaleString(document.documentElement.lang, {
      dateStyle: "medium", timeStyle: "medium",
    });
    if (time.title) time.title = text; else time.textContent = text;
  }
}
showTimes(document);

// Copy buttons: <button data-copy="id of an element">.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    button.textContent = button.dataset.copied;
  });
}

// Live parts: <div data-live="URL of events, each with what the part is then">.
for (const part of document.querySelectorAll("[data-live]")) {
  new EventSource(part.dataset.live).addEventListener("message", (event) => {
    part.innerHTML = event.data;
    showTimes(part);
  });
}
