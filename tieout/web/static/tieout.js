// What is nicer with scripts. Everything here also works without them: a form posts, a page answers.
(() => {
  const on = (root, selector, event, act) =>
    root.querySelectorAll(selector).forEach((element) => element.addEventListener(event, (e) => act(element, e)));

  // A file dropped anywhere on the upload form is chosen and sent, with its progress shown.
  function upload(form, file) {
    const mistake = form.querySelector(".drop-mistake"), shown = form.querySelector(".drop-progress");
    const limit = Number(form.dataset.limitBytes);
    const refuse = (text) => { mistake.textContent = text; mistake.hidden = !text; };
    refuse("");
    if (file.size > limit) {
      refuse(`${file.name} has ${Math.ceil(file.size / 1048576)} MB; up to ${Math.floor(limit / 1048576)} MB can be ` +
        "uploaded here. The command line has no limit: tieout import FILE.");
      return;
    }
    const body = new FormData();
    body.append("csrf", form.elements.csrf.value);
    body.append("file", file, file.name);
    const request = new XMLHttpRequest(), bar = shown.querySelector("progress"), words = shown.querySelector("span");
    request.open("POST", form.action);
    request.upload.onprogress = (e) => { bar.value = Math.floor((100 * e.loaded) / e.total); words.textContent = `${bar.value} %`; };
    request.onload = () => {
      const ended = new URL(request.responseURL);
      if (request.status === 200) location.assign(ended.pathname + ended.search);
      else { document.open(); document.write(request.responseText); document.close(); }
    };
    request.onerror = () => { shown.hidden = true; refuse("The connection broke before the file had arrived. Try again."); };
    shown.hidden = false;
    request.send(body);
  }

  on(document, "form[data-drop]", "dragover", (form, e) => { e.preventDefault(); form.classList.add("is-over"); });
  on(document, "form[data-drop]", "dragleave", (form) => form.classList.remove("is-over"));
  on(document, "form[data-drop]", "drop", (form, e) => {
    e.preventDefault();
    form.classList.remove("is-over");
    if (e.dataTransfer.files.length) upload(form, e.dataTransfer.files[0]);
  });
  on(document, "form[data-drop]", "submit", (form, e) => {
    const file = form.elements.file.files[0];
    if (file) { e.preventDefault(); upload(form, file); }
  });

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
