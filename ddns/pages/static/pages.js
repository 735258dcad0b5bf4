"use strict";
// All pages work without this file, except passkeys and what is live.

// Times in the reader's own zone.
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  const text = at.toLocaleString(document.documentElement.lang, {
    dateStyle: "medium", timeStyle: "medium",
  });
  if (time.title) time.title = text; else time.textContent = text;
}

// Copy buttons: <button data-copy="id of an element">.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    button.textContent = button.dataset.copied;
  });
}
