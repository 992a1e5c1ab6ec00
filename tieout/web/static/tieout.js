// What is nicer with scripts. Everything here also works without them: a form posts, a page answers.
(() => {
  const on = (root, selector, event, act) =>
    root.querySelectorAll(selector).forEach((element) => element.addEventListener(event, (e) => act(element, e)));

  // Files dropped anywhere on the upload form are sent one after the other, each with its own progress and its own end.
  async function upload(form, files) {
    const mistake = form.querySelector(".drop-mistake"), list = form.querySelector(".drop-files"), begun = [];
    mistake.hidden = true;
    list.hidden = false;
    list.replaceChildren();
    const rows = files.map((file) => row(list, file.name));
    let refused = 0;
    for (const [index, file] of files.entries()) {
      const answer = await sent(form, file, rows[index]);
      if (answer.operation) begun.push(answer.operation); else refused += 1;
      if (answer.page) return show(answer.page);
    }
    if (begun.length && !refused) location.assign(begun.length === 1 ? `/operations/${begun[0]}` : several(begun));
    else if (begun.length) link(list, several(begun), "See what became of the others");
  }

  const several = (ids) => `/operations?${ids.map((id) => `id=${encodeURIComponent(id)}`).join("&")}`;
  const show = (page) => { document.open(); document.write(page); document.close(); };

  function row(list, name) {
    const item = list.appendChild(document.createElement("li"));
    const words = item.appendChild(document.createElement("span")), bar = item.appendChild(document.createElement("progress"));
    const state = item.appendChild(document.createElement("span"));
    words.textContent = name;
    bar.max = 100; bar.value = 0; bar.setAttribute("aria-label", `Upload of ${name}`);
    state.textContent = "waits";
    return { bar, state, item };
  }

  function link(list, href, text) {
    const anchor = list.appendChild(document.createElement("li")).appendChild(document.createElement("a"));
    anchor.href = href; anchor.textContent = text;
  }

  // One file; what came of it: an operation, a page that says why not, or nothing where the words stand at the file.
  function sent(form, file, { bar, state, item }) {
    const limit = Number(form.dataset.limitBytes);
    const refuse = (text) => { bar.hidden = true; item.classList.add("bad"); state.textContent = text; return {}; };
    if (file.size > limit) {
      return Promise.resolve(refuse(`${file.name} has ${Math.ceil(file.size / 1048576)} MB; up to ` +
        `${Math.floor(limit / 1048576)} MB can be uploaded here. The command line has no limit: tieout import FILE.`));
    }
    const body = new FormData(), request = new XMLHttpRequest();
    body.append("csrf", form.elements.csrf.value);
    body.append("file", file, file.name);
    request.open("POST", form.action);
    request.upload.onprogress = (e) => { bar.value = Math.floor((100 * e.loaded) / e.total); state.textContent = `${bar.value} %`; };
    request.upload.onload = () => { bar.value = 100; state.textContent = "arrived, being taken in"; };
    return new Promise((resolve) => {
      request.onload = () => {
        const operation = new URL(request.responseURL).pathname.match(/^\/operations\/([\w-]+)$/);
        if (request.status === 200 && operation) { state.textContent = "taken in"; resolve({ operation: operation[1] }); }
        else resolve({ page: request.responseText });
      };
      request.onerror = () => resolve(refuse("The connection broke before the file had arrived. Try again."));
      request.send(body);
    });
  }

  on(document, "form[data-drop]", "dragover", (form, e) => { e.preventDefault(); form.classList.add("is-over"); });
  on(document, "form[data-drop]", "dragleave", (form) => form.classList.remove("is-over"));
  on(document, "form[data-drop]", "drop", (form, e) => {
    e.preventDefault();
    form.classList.remove("is-over");
    if (e.dataTransfer.files.length) upload(form, [...e.dataTransfer.files]);
  });
  on(document, "form[data-drop]", "submit", (form, e) => {
    const files = [...form.elements.file.files];
    if (files.length) { e.preventDefault(); upload(form, files); }
  });

  // A page that asks again by itself says when nobody answers, and goes on by itself when somebody does.
  const silent = (is) => { const told = document.getElementById("no-answer"); if (told) told.hidden = !is; };
  document.addEventListener("htmx:error", () => silent(true));
  document.addEventListener("htmx:after:request", (e) => silent((e.detail.ctx?.response?.status ?? 500) >= 500));

  // The organisation's menu closes as menus do.
  const close = (kept) => document.querySelectorAll("details.switcher[open]").forEach((menu) => {
    if (menu.contains(kept)) return;
    menu.open = false;
    if (!kept) menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (e) => close(e.target));
  document.addEventListener("keydown", (e) => { if (e.key === "Escape") close(null); });

  // Select all, and say how many are selected. The list may be replaced, so the page listens, not the list.
  document.addEventListener("change", (e) => {
    const list = e.target.closest("form[data-selectable]");
    if (!list) return;
    const boxes = [...list.querySelectorAll("input[name=id]")];
    if (e.target.matches("[data-select-all]")) boxes.forEach((box) => { box.checked = e.target.checked; });
    const chosen = boxes.filter((box) => box.checked).length, button = list.querySelector("[data-needs-selection]");
    button.lastChild.textContent = chosen ? ` Send ${chosen} selected` : " Send selected";
  });

  // Only rates that go with the chosen account are offered; the server checks the pair anyway.
  document.querySelectorAll("[data-pair]").forEach((pair) => {
    const account = pair.querySelector("[name=account]"), tax = pair.querySelector("[name=tax]");
    const narrow = () => {
      const chosen = account.selectedOptions[0]?.dataset.class;
      for (const option of tax.options) {
        option.disabled = option.hidden = Boolean(chosen && option.value && !option.dataset.suits.split(" ").includes(chosen));
      }
      if (tax.selectedOptions[0]?.disabled) tax.value = "";
    };
    account.addEventListener("change", narrow);
    narrow();
  });

  // A first guess of the time zone, where nobody has chosen yet.
  document.querySelectorAll("select[data-guess-zone]").forEach((select) => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone !== "UTC" && [...select.options].some((option) => option.value === zone)) select.value = zone;
  });

  // A second click on a button that sends would ask twice; the server would do it once, but say so less clearly.
  document.addEventListener("submit", (e) => {
    const button = e.submitter;
    if (button && !e.defaultPrevented && e.target.method === "post") setTimeout(() => { button.disabled = true; });
  });
  addEventListener("pageshow", () => document.querySelectorAll("button[disabled]").forEach((b) => { b.disabled = false; }));
})();
