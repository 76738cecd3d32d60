// form[data-upload]: sends its file in chunks to the address there, and goes on where it was cut off. Bars and words are in the form;
// [data-upload-finish] is the form that ends it. Without this script the form sends the file itself.
(() => {
  const CHUNK_SIZE = 8 * 1024 * 1024;
  const RETRY_SECONDS = [1, 2, 4, 8, 15, 30];

  const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const size = (bytes) => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;

  class Upload {
    constructor(form) {
      this.form = form;
      this.file = form.querySelector('input[type="file"]').files[0];
      this.token = form.querySelector('[name="csrfmiddlewaretoken"]').value;
      this.box = form.querySelector("[data-upload-progress]");
    }

    showStatus(text) {
      this.form.querySelector("[data-upload-status]").textContent = text;
    }

    show(received) {
      this.box.hidden = false;
      this.box.querySelector("progress").value = received / this.file.size;
      this.showStatus(`${size(received)} / ${size(this.file.size)}`);
    }

    async ask(url, method, body, headers = {}) {
      const answer = await fetch(url, { method, body, headers: { ...headers, "X-CSRFToken": this.token }, redirect: "manual" });
      if (answer.type === "opaqueredirect") location.reload(); // to the sign-in page
      if (answer.ok || answer.status === 409) return answer;
      const text = (answer.headers.get("Content-Type") ?? "").startsWith("text/plain") ? await answer.text() : answer.statusText;
      throw Object.assign(new Error(text), { final: answer.status < 500 || answer.status === 507 });
    }

    async begin() {
      const values = { name: this.file.name, size: this.file.size, modified: this.file.lastModified };
      const body = new URLSearchParams({ ...values, sha256: this.form.elements.sha256.value });
      return (await this.ask(this.form.dataset.upload, "POST", body)).json();
    }

    async send(url, received) {
      for (let failures = 0; received < this.file.size; ) {
        this.show(received);
        try {
          const chunk = this.file.slice(received, received + CHUNK_SIZE);
          const answer = await this.ask(url, "PATCH", chunk, { "Upload-Offset": received });
          received = answer.status === 409 ? (await answer.json()).received : Number(answer.headers.get("Upload-Offset"));
          failures = 0;
        } catch (error) {
          if (error.final) throw error;
          this.showStatus(this.form.querySelector("[data-upload-message]").content.textContent);
          await pause(RETRY_SECONDS[Math.min(failures++, RETRY_SECONDS.length - 1)]);
        }
      }
      this.show(received);
    }
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.upload || !window.fetch) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    form.setAttribute("aria-busy", "true");
    try {
      const upload = new Upload(form);
      const { content, finish, received } = await upload.begin();
      await upload.send(content, received);
      const end = document.querySelector("form[data-upload-finish]");
      end.action = finish;
      end.submit();
    } catch (error) {
      form.removeAttribute("aria-busy");
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: error.message, level: "error" } }));
    }
  });
})();
