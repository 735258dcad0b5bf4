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

// Passkeys: a form gets what the authenticator answers, and is sent.
async function askAuthenticator(form, button) {
  const asked = await fetch(button.dataset.options, {
    method: "POST", credentials: "same-origin", body: new URLSearchParams(new FormData(form)),
  });
  const answer = await asked.json();
  if (!asked.ok) throw new Error(answer.error);
  const given = button.dataset.passkey === "create"
    ? await navigator.credentials.create({
        publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(answer.options),
      })
    : await navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(answer.options),
      });
  form.elements.credential.value = JSON.stringify(given.toJSON());
  form.submit();
}

if (globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  for (const button of document.querySelectorAll("button[data-passkey]")) {
    button.hidden = false;
    button.form.classList.add("ready");
    button.form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const problem = button.form.querySelector(".problem");
      problem.hidden = true;
      try {
        await askAuthenticator(button.form, button);
      } catch (error) {
        problem.textContent = error.message;
        problem.hidden = false;
      }
    });
  }
}

// Live parts: <div data-live="URL of events, each with what the part is then">.
for (const part of document.querySelectorAll("[data-live]")) {
  new EventSource(part.dataset.live).addEventListener("message", (event) => {
    part.innerHTML = event.data;
    showTimes(part);
  });
}
