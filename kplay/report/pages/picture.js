// A picture of the graph: what a click shows of who waits for whom, and why.
"use strict";
/* exported kplayPicture */
const kplayPicture = ({ svg, aside, data, address, chosen, hint, more, took = "took" }) => {
  const boxes = new Map(data.boxes.map((box) => [box.key, box]));
  const groups = new Map([...svg.querySelectorAll(".box")].map((one) => [one.dataset.key, one]));
  const paths = [...svg.querySelectorAll(".link")];
  const width = svg.viewBox.baseVal.width;
  const height = svg.viewBox.baseVal.height;
  let zoom = 1;

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
      element("a", boxes.get(link[end]).name, item).href = address(link[end]);
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
      element("p", hint, aside);
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
    if (box.seconds !== null) element("div", `${took} ${box.seconds.toFixed(1)} s`, aside);
    if (box.critical) element("div", "on the critical path", aside).className = "hot";
    if (box.hosts.length) element("div", box.hosts.join(", "), aside);
    more?.(box, aside);
    listed("waits for", before, "source");
    listed("is waited for by", after, "target");
  };

  const near = (key) => groups.get(key)?.scrollIntoView({ block: "nearest", inline: "nearest" });

  const show = (key) => {
    groups.get(key)?.scrollIntoView({ block: "center", inline: "center" });
  };

  const scale = (factor) => {
    zoom = Math.min(4, Math.max(0.1, zoom * factor));
    svg.setAttribute("width", width * zoom);
    svg.setAttribute("height", height * zoom);
  };

  // Boxes that match, the others faint
  const mark = (found, choosing) => {
    pick(undefined);
    svg.classList.toggle("choosing", choosing);
    for (const box of found) groups.get(box.key).classList.add("near");
    if (found.length) show(found[0].key);
  };

  for (const [key, group] of groups) {
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", boxes.get(key).name);
  }
  svg.removeAttribute("role");
  svg.addEventListener("click", (event) => {
    const key = event.target.closest(".box")?.dataset.key;
    pick(key);
    near(key);
    chosen(key);
  });
  svg.addEventListener("keydown", (event) => {
    const key = event.target.closest?.(".box")?.dataset.key;
    if (!key || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    pick(key);
    near(key);
    chosen(key);
  });
  pick(undefined);
  return { boxes, groups, mark, pick, scale, show };
};
