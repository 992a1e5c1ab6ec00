// Passkeys: the one thing that a browser does only for a script. A form tells what to ask, the answer goes back in it.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const named = (keys) => keys.map((key) => ({ ...key, id: bytes(key.id) }));

  function opened(asked) {
    const made = { ...asked, challenge: bytes(asked.challenge) };
    if (asked.user) made.user = { ...asked.user, id: bytes(asked.user.id) };
    if (asked.excludeCredentials) made.excludeCredentials = named(asked.excludeCredentials);
    if (asked.allowCredentials) made.allowCredentials = named(asked.allowCredentials);
    return made;
  }

  function closed(credential) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {},
    });
  }

  const REASONS = {
    NotAllowedError: "Nothing was done: it was cancelled, took too long, or this device has no passkey for Tieout.",
    InvalidStateError: "This device has a passkey for Tieout already.",
    SecurityError: "Passkeys work at Tieout's own address only, over https.",
  };

  async function ask(form) {
    const mistake = form.querySelector("[data-mistake]"), publicKey = opened(JSON.parse(form.dataset.options));
    mistake.hidden = true;
    try {
      const create = form.dataset.passkey === "create";
      const credential = await (create ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
      form.elements.credential.value = closed(credential);
      form.submit();
    } catch (error) {
      mistake.textContent = REASONS[error.name] ?? "This browser could not use a passkey. Use another way.";
      mistake.hidden = false;
    }
  }

  if (window.PublicKeyCredential) {
    document.querySelectorAll("form[data-passkey]").forEach((form) => {
      form.hidden = false;
      form.addEventListener("submit", (e) => { e.preventDefault(); ask(form); });
    });
  }
})();
