// The page of `kplay graph`: a search, and an address for every step.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("graph").textContent);
  const at = (key) => "#" + encodeURIComponent(key);
  const picture = kplayPicture({
    svg: document.querySelector("#picture svg"),
    aside: document.querySelector("aside"),
    data,
    address: at,
    chosen: (key) => history.replaceState(null, "", key ? at(key) : "#"),
    hint: "Click a step to see what it waits for, and what waits for it.",
  });
  let found = [];
  let turn = -1;

  const follow = () => {
    const key = decodeURIComponent(location.hash.slice(1));
    picture.pick(key || undefined);
    picture.show(key);
  };
  window.addEventListener("hashchange", follow);

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
    picture.mark(found, words.length > 0);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !found.length) return;
    turn = (turn + 1) % found.length;
    location.hash = encodeURIComponent(found[turn].key);
  });
  document.querySelector("#closer").addEventListener("click", () => picture.scale(1.25));
  document.querySelector("#farther").addEventListener("click", () => picture.scale(0.8));
  follow();
})();
