// What a click or a search shows of the graph: who waits for whom, and why.
"use strict";
(() => {
  const svg = document.querySelector("#picture svg");
  const aside = document.querySelector("aside");
  const data = JSON.parse(document.getElementById("graph").textContent);
  const boxes = new Map(data.boxes.map((box) => [box.key, box]));
  const groups = new Map([...svg.querySelectorAll(".box")].map((one) => [one.dataset.key, one]));
  const paths = [...svg.querySelectorAll(".link")];
  const width = svg.width.baseVal.value;
  const height = svg.height.baseVal.value;
  let zoom = 1;
  let found = [];
  let turn = -1;

  const element = (tag, text, inside) => {
    const made = document.createElement(tag);
    made.textContent = text;
    inside.append(made);
    return made;
  };

  const listed = (title, links, end) => {
    if (!links.length) return;
    element("h3", title, aside);
    const list = element("ul", "", aside);
    for (const link of links) {
      const item = element("li", "", list);
      const jump = element("a", boxes.get(link[end]).name, item);
      jump.href = "#" + encodeURIComponent(link[end]);
      for (const reason of link.reasons) {
        element("div", `${reason.why} (${reason.place})`, item).className = "soft";
      }
    }
  };

  const pick = (key) => {
    const box = boxes.get(key);
    svg.classList.toggle("choosing", Boolean(box));
    for (const one of svg.querySelectorAll(".near, .picked")) one.classList.remove("near", "picked");
    aside.textContent = "";
    if (!box) {
      element("p", "Click a step to see what it waits for, and what waits for it.", aside);
      return;
    }
    const before = data.links.filter((link) => link.target === key);
    const after = data.links.filter((link) => link.source === key);
    groups.get(key).classList.add("near", "picked");
    for (const link of before) groups.get(link.source).classList.add("near");
    for (const link of after) groups.get(link.target).classList.add("near");
    for (const path of paths) {
      const { source, target } = path.dataset;
      path.classList.toggle("near", source === key || target === key);
    }
    element("h2", box.name, aside);
    element("div", box.detail, aside).className = "soft";
    if (box.seconds !== null) element("div", `took ${box.seconds.toFixed(1)} s`, aside);
    if (box.critical) element("div", "on the critical path", aside).className = "hot";
    if (box.hosts.length) element("div", box.hosts.join(", "), aside);
    listed("waits for", before, "source");
    listed("is waited for by", after, "target");
  };

  const show = (key) => {
    groups.get(key)?.scrollIntoView({ block: "center", inline: "center" });
  };

  const scale = (factor) => {
    zoom = Math.min(4, Math.max(0.1, zoom * factor));
    svg.setAttribute("width", width * zoom);
    svg.setAttribute("height", height * zoom);
  };

  svg.addEventListener("click", (event) => {
    const box = event.target.closest(".box");
    history.replaceState(null, "", box ? "#" + encodeURIComponent(box.dataset.key) : "#");
    pick(box?.dataset.key);
  });
  window.addEventListener("hashchange", () => {
    const key = decodeURIComponent(location.hash.slice(1));
    pick(key);
    show(key);
  });

  const search = document.querySelector("input[type=search]");
  const count = document.querySelector("#count");
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = !words.length ? [] : data.boxes.filter((box) => {
      const text = [box.key, box.name, box.detail, ...box.hosts].join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
    turn = -1;
    count.textContent = words.length ? `${found.length} found` : "";
    pick(undefined);
    svg.classList.toggle("choosing", words.length > 0);
    for (const box of found) groups.get(box.key).classList.add("near");
    if (found.length) show(found[0].key);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !found.length) return;
    turn = (turn + 1) % found.length;
    location.hash = encodeURIComponent(found[turn].key);
  });
  document.querySelector("#closer").addEventListener("click", () => scale(1.25));
  document.querySelector("#farther").addEventListener("click", () => scale(0.8));
  pick(decodeURIComponent(location.hash.slice(1)) || undefined);
})();
