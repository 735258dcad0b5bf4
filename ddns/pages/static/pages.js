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

// Records are checked while they are typed: <form data-check="URL">, whose answer is told in .check.
for (const form of document.querySelectorAll("form[data-check]")) {
  const told = form.querySelector(".check");
  const typed = form.querySelector("textarea");
  let waiting = 0;
  let asked = 0;
  const check = async () => {
    if (!typed.value.trim() || !form.elements.type.value.trim()) return;
    const number = ++asked;
    const answer = await fetch(form.dataset.check, {
      method: "POST", body: new URLSearchParams(new FormData(form)),
    });
    if (!answer.ok || number !== asked) return;
    const { problems } = await answer.json();
    typed.setAttribute("aria-invalid", String(problems.length > 0));
    told.className = problems.length ? "check bad" : "check good";
    told.replaceChildren(...(problems.length ? problems : [told.dataset.good]).map((words) => {
      const line = document.createElement("p");
      line.textContent = words;
      return line;
    }));
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(check, 300);
  });
}

// Live parts: <div data-live="URL of events, each with what the part is then">.
for (const part of document.querySelectorAll("[data-live]")) {
  new EventSource(part.dataset.live).addEventListener("message", (event) => {
    part.innerHTML = event.data;
    showTimes(part);
  });
}
