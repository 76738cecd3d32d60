// form[data-passkey=create|get|sign-in]: its button asks the browser for a passkey, and sends the answer.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const keys = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));

  const plain = (credential) => ({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  });

  const create = async (options, alone) => {
    const publicKey = { ...options, challenge: bytes(options.challenge), excludeCredentials: keys(options.excludeCredentials) };
    publicKey.user = { ...options.user, id: bytes(options.user.id) };
    publicKey.authenticatorSelection = { ...options.authenticatorSelection };
    publicKey.authenticatorSelection.residentKey = alone ? "required" : "discouraged";
    publicKey.authenticatorSelection.requireResidentKey = alone;
    if (alone) publicKey.authenticatorSelection.userVerification = "required";
    const made = await navigator.credentials.create({ publicKey });
    const { clientDataJSON, attestationObject } = made.response;
    const transports = made.response.getTransports ? made.response.getTransports() : [];
    const response = { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject), transports };
    return { ...plain(made), response };
  };

  const get = async (options) => {
    const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: keys(options.allowCredentials) };
    const found = await navigator.credentials.get({ publicKey });
    const { clientDataJSON, authenticatorData, signature, userHandle } = found.response;
    const response = { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) };
    response.userHandle = userHandle ? text(userHandle) : null;
    return { ...plain(found), response };
  };

  const options = async (form) => {
    if (form.dataset.passkey !== "sign-in") return JSON.parse(document.getElementById("passkey-options").textContent);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    return answer.json();
  };

  const ask = async (form) => {
    const asked = await options(form);
    if (form.dataset.passkey !== "create") return get(asked.request_options.publicKey);
    return create(asked.creation_options.publicKey, form.elements.passwordless.checked);
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.passkey) return;
    event.preventDefault();
    const complaint = form.querySelector("[role=alert]");
    complaint.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await ask(form));
      form.submit();
    } catch {
      complaint.hidden = false;
    }
  });
})();
