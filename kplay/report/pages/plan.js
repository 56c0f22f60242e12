// The page of a plan: filters, a search over everything, folding, addresses, and the picture.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("plan").textContent);
  const all = (css, inside = document) => [...inside.querySelectorAll(css)];
  const one = (css) => document.querySelector(css);
  const search = one("input[type=search]");
  const sets = data.sets.map((names) => new Set(names));
  const setTexts = data.sets.map((names) => names.join(" ").toLowerCase());
  const entries = all(".entry").map((element) => ({
    element,
    action: element.dataset.action,
    hosts: Number(element.dataset.set),
    role: element.dataset.role,
    key: element.dataset.key,
    play: element.closest(".play"),
    text: null,
  }));
  const byId = new Map(entries.map((entry) => [entry.element.id, entry]));
  const chosen = { action: null, host: null, role: null, box: null };
  let picture = null;

  // Filters
  const fits = (entry) =>
    (chosen.action === null || entry.action === chosen.action) &&
    (chosen.host === null || sets[entry.hosts].has(data.hosts[Number(chosen.host)])) &&
    (chosen.role === null || entry.role === chosen.role) &&
    (chosen.box === null || chosen.box.keys.includes(entry.key));

  const textOf = (entry) => {
    entry.text ??= [
      ...all("summary > *, dd, p, pre", entry.element),
      entry.play.firstChild,
    ].map((part) => part.textContent).join("\n").toLowerCase();
    return entry.text;
  };

  const says = (entry, words) =>
    words.every((word) => textOf(entry).includes(word) || setTexts[entry.hosts].includes(word));

  const words = () => search.value.toLowerCase().split(/\s+/).filter(Boolean);

  const mark = (shown, wanted) => {
    if (!window.Highlight) return;
    CSS.highlights.delete("found");
    if (!wanted.length) return;
    const ranges = [];
    for (const { element } of shown.slice(0, 200)) {
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const node = walker.currentNode;
        const text = node.data.toLowerCase();
        if (text.length !== node.data.length) continue;
        for (const word of wanted) {
          for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
            const range = new Range();
            range.setStart(node, at);
            range.setEnd(node, at + word.length);
            ranges.push(range);
          }
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges.slice(0, 5000)));
  };

  const refresh = () => {
    const wanted = words();
    const shown = [];
    const plays = new Set();
    for (const entry of entries) {
      const visible = fits(entry) && (!wanted.length || says(entry, wanted));
      if (entry.element.hidden === visible) entry.element.hidden = !visible;
      if (!visible) continue;
      shown.push(entry);
      plays.add(entry.play);
    }
    for (const play of all(".play")) play.hidden = !plays.has(play);
    const filtered = wanted.length > 0 || Object.values(chosen).some((value) => value !== null);
    one("#none").hidden = shown.length > 0 || !filtered;
    one("#clear").hidden = !filtered;
    one("#count").textContent = filtered ? `${shown.length} of ${entries.length} entries` : "";
    for (const button of all("[data-filter]")) {
      const pressed = chosen[button.dataset.filter] === button.dataset.value;
      button.setAttribute("aria-pressed", String(pressed));
    }
    if (wanted.length && shown.length <= 5) {
      for (const { element } of shown) {
        const head = element.firstChild.textContent.toLowerCase();
        if (!wanted.every((word) => head.includes(word))) open(element);
      }
    }
    mark(shown, wanted);
    if (wanted.length && shown.length) {
      const { top, bottom } = one("#changes").getBoundingClientRect();
      if (top > innerHeight * 0.7 || bottom < 100) one("#changes").scrollIntoView();
    }
  };

  const clear = () => {
    search.value = "";
    for (const name of Object.keys(chosen)) chosen[name] = null;
    picture?.pick(undefined);
    refresh();
  };

  for (const button of all("[data-filter]")) {
    button.addEventListener("click", () => {
      const { filter, value } = button.dataset;
      chosen[filter] = chosen[filter] === value ? null : value;
      refresh();
    });
  }
  let soon = 0;
  search.addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(refresh, 60);
  });
  one("#clear").addEventListener("click", clear);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") clear();
    if (event.key !== "/" || event.target === search) return;
    event.preventDefault();
    search.focus();
    search.select();
  });

  // Folding; names of many hosts are written only where they are looked at
  const fill = (element) => {
    const place = element.querySelector(".all");
    if (place.firstChild) return;
    const names = data.sets[Number(element.dataset.set)];
    place.textContent = names.length > 5 ? `${names.join(", ")} (${names.length})` : names.join(", ");
  };
  const open = (element) => {
    fill(element);
    element.open = true;
  };
  for (const { element } of entries) {
    element.addEventListener("toggle", () => element.open && fill(element));
  }
  one("#unfold").addEventListener("click", () => {
    for (const { element } of entries) if (!element.hidden) open(element);
  });
  one("#fold").addEventListener("click", () => {
    for (const { element } of entries) element.open = false;
  });
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = all("details").filter((element) => !element.open);
    for (const element of folded) {
      if (element.matches(".entry")) open(element);
      else element.open = true;
    }
  });
  window.addEventListener("afterprint", () => {
    for (const element of folded) element.open = false;
  });

  // The picture
  const draw = (way) => {
    const place = one("#picture");
    const drawn = one(`#by-${way}`).content.cloneNode(true);
    place.replaceChildren(drawn);
    for (const button of all("[data-way]")) {
      button.setAttribute("aria-pressed", String(button.dataset.way === way));
    }
    chosen.box = null;
    picture = kplayPicture({
      svg: place.querySelector("svg"),
      aside: one("aside"),
      data: data[way],
      address: (key) => "#box-" + encodeURIComponent(key),
      chosen: (key) => {
        chosen.box = key ? picture.boxes.get(key) : null;
        refresh();
      },
      took: "likely to take",
      hint: "Click a box to see what it waits for, and only its changes in the list above.",
      more: (box, aside) => {
        const keys = new Set(box.keys);
        const number = entries.filter((entry) => keys.has(entry.key)).length;
        const line = document.createElement("div");
        aside.append(line);
        if (!number) {
          line.textContent = "nothing changes";
          return;
        }
        const link = document.createElement("a");
        link.href = "#changes";
        link.textContent = number === 1 ? "1 entry" : `${number} entries`;
        line.append(link);
      },
    });
    const changing = new Set(entries.map((entry) => entry.key));
    for (const [key, group] of picture.groups) {
      const box = picture.boxes.get(key);
      group.classList.toggle("idle", !box.keys.some((each) => changing.has(each)));
    }
  };
  if (data.role) {
    draw("role");
    for (const button of all("[data-way]")) {
      button.addEventListener("click", () => {
        draw(button.dataset.way);
        refresh();
      });
    }
    one("#closer").addEventListener("click", () => picture.scale(1.25));
    one("#farther").addEventListener("click", () => picture.scale(0.8));
  }

  // What an address leads to is not to lie under the header, which may take two lines
  const header = one("header");
  new ResizeObserver(() => {
    document.documentElement.style.scrollPaddingTop = `${header.offsetHeight + 8}px`;
  }).observe(header);

  // Addresses
  const follow = () => {
    const name = decodeURIComponent(location.hash.slice(1));
    if (name.startsWith("box-") && picture) {
      picture.pick(name.slice(4));
      picture.show(name.slice(4));
      chosen.box = picture.boxes.get(name.slice(4)) ?? null;
      refresh();
      return;
    }
    const entry = byId.get(name);
    if (!entry) return;
    if (entry.element.hidden) clear();
    open(entry.element);
    entry.element.scrollIntoView({ block: "start" });
  };
  window.addEventListener("hashchange", follow);
  refresh();
  follow();
})();
