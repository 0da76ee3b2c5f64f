// The one call: a request in, an answer out. Two back ends stand behind it: the server that sent this page, or a worker of this tab.

import { tab } from "./tab.js";

const TOKEN = "symbptt token";

/** The token in the address moves to the storage of this origin, so that a copied address does not have it. */
function token() {
  const address = new URL(location.href), given = address.searchParams.get("token");
  if (given) {
    localStorage.setItem(TOKEN, given);
    address.searchParams.delete("token");
    history.replaceState(null, "", address);
  }
  return localStorage.getItem(TOKEN) ?? "";
}

function server() {
  const known = token();
  return {
    async ask(request, signal) {
      let response;
      try {
        response = await fetch("answer", {
          method: "POST", body: JSON.stringify(request), signal,
          headers: { "content-type": "application/json", "x-symbptt-token": known },
        });
        return await response.json();
      } catch (error) {
        if (error.name === "AbortError") throw error;
        return { ok: false, error: { message: "symbptt serve does not answer; is it still running?" } };
      }
    },
  };
}

/** What answers: an object with `ask(request, signal)`, which throws an AbortError when it is cancelled. `progress` hears of the start. */
export function backEnd(progress) {
  return document.documentElement.dataset.backEnd === "tab" ? tab(progress) : server();
}
