// What all views share. It is put before each view's own file: a module that the page loads from memory has no neighbours.

const SYMBOLS = {
  queued: "○", waiting: "◔", running: "●", cancelling: "◔", succeeded: "✓", failed: "✗", cancelled: "■", lost: "?",
  ready: "✓", busy: "●", starting: "◔", loading: "◔", stopping: "◔", stopped: "■",
};
const SILENCE_MS = 8000; // the kernel speaks at least every two seconds while something is under way
const STEPS = 3; // in which a piece of an answer is put
const STEP_MS = 90; // between two of them: all together they take the time until the next piece comes

/** An element with a class and a text. Whatever is shown of others goes through here: it is text, never HTML. */
export function make(tag, name = "", text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

/** A button that keeps its focus visible and its letters to itself. */
export function button(text, label, act) {
  const made = make("button", "queen-button", text);
  made.type = "button";
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

/** The frame of a view: its name for screen readers, and an end to the notebook's shortcuts inside it. */
export function frame(el, kind, label) {
  const root = make("div", `queen-view ${kind}`);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", label);
  root.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (plain && event.key !== "Tab" && event.key !== "Escape") event.stopPropagation();
  });
  el.appendChild(root);
  return root;
}

/** Says milestones to screen readers, and shows nothing. */
export function speaker(root) {
  const spoken = make("p", "queen-spoken");
  spoken.setAttribute("role", "status");
  root.appendChild(spoken);
  return (text) => {
    if (spoken.textContent !== text) spoken.textContent = text;
  };
}

/** Characters as Python counts them: code points. */
export function points(text) {
  return Array.from(text);
}

/**
 * Where a text has come to, and what of a piece is new. Pieces may come twice, overlap, or be missed.
 * @returns what to append, or null where something is missing before the piece
 */
export function fresh(position, at, piece) {
  if (at > position) return null;
  const chars = points(piece);
  return chars.slice(position - at).join("");
}

/** A piece in up to three parts that end with words where they can; short ones and single words stay whole. */
export function parts(piece) {
  const chars = points(piece);
  const third = Math.ceil(chars.length / STEPS);
  const found = [];
  for (let at = 0; at < chars.length; ) {
    const space = chars.indexOf(" ", at + third - 1) + 1;
    const isLong = !space || space - at > 2 * third;
    const cut = chars.length < 2 * STEPS ? chars.length : isLong ? at + third : space;
    found.push(chars.slice(at, cut).join(""));
    at = cut;
  }
  return found;
}

/**
 * Lets a text flow: each piece is put in several steps, so that the kernel needs to speak less often.
 * Who wants less motion, or looks elsewhere, gets it in one.
 */
export function flow(put, isCalm = () => document.hidden || matchMedia("(prefers-reduced-motion: reduce)").matches) {
  let [rest, timer] = [[], 0];
  const drop = () => {
    clearTimeout(timer);
    rest = [];
  };
  const finish = () => {
    const said = rest.join("");
    drop();
    if (said) put(said);
  };
  const step = () => {
    const [first, ...more] = rest;
    rest = more;
    put(first);
    if (rest.length) timer = setTimeout(step, STEP_MS);
  };
  const add = (piece) => {
    finish();
    if (!piece) return;
    rest = isCalm() ? [piece] : parts(piece);
    step();
  };
  return { add, finish, drop };
}

/** Tokens a second over the last two seconds. */
export function speedometer(now = () => performance.now()) {
  const seen = [];
  return (count) => {
    const at = now();
    seen.push([at, count]);
    while (seen.length > 2 && at - seen[0][0] > 2000) seen.shift();
    const [before, had] = seen[0];
    return at - before < 250 ? null : ((count - had) * 1000) / (at - before);
  };
}

const SAFE = new Set(
  "P BR HR UL OL LI PRE CODE EM STRONG BLOCKQUOTE H1 H2 H3 H4 H5 H6 TABLE THEAD TBODY TR TH TD".split(" "),
);

/** A copy of rendered Markdown that has elements of a short list only, without one attribute. */
export function graft(target, html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const copy = (from, to) => {
    for (const node of from.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) to.appendChild(document.createTextNode(node.data));
      else if (node.nodeType === Node.ELEMENT_NODE && SAFE.has(node.tagName)) {
        copy(node, to.appendChild(document.createElement(node.tagName)));
      } else if (node.nodeType === Node.ELEMENT_NODE) copy(node, to);
    }
  };
  target.replaceChildren();
  copy(page.body, target);
}

/** The state, as a symbol and a word; never by colour alone. */
export function showState(place, state, reason) {
  place.dataset.state = state;
  const symbol = make("span", "", SYMBOLS[state] ?? "·");
  symbol.setAttribute("aria-hidden", "true");
  place.replaceChildren(symbol, ` ${state}${reason ? ` (${reason})` : ""}`);
}

/** Says so when the kernel has been silent for too long. Returns what to call whenever it speaks, and what ends it. */
export function watchdog(root, isRunning, advice) {
  const gone = make("p", "queen-gone");
  gone.hidden = true;
  gone.setAttribute("role", "alert");
  root.appendChild(gone);
  let last = performance.now();
  const timer = setInterval(() => {
    const silent = isRunning() && performance.now() - last > SILENCE_MS;
    if (silent && gone.hidden) gone.textContent = `The kernel does not answer: it is busy or gone. ${advice()}`;
    gone.hidden = !silent;
  }, 1000);
  return {
    heard: () => {
      last = performance.now();
      gone.hidden = true;
    },
    end: () => clearInterval(timer),
  };
}

/** Calls `act` now and whenever one of these traits changes; what it returns lets go. */
export function onChange(model, names, act) {
  for (const name of names) model.on(`change:${name}`, act);
  act();
  return () => names.forEach((name) => model.off(`change:${name}`, act));
}

/** The error of a job in its four parts. */
export function errorPart(model, root) {
  const list = make("dl", "queen-error");
  root.appendChild(list);
  return onChange(model, ["error"], () => {
    const parts = model.get("error");
    list.hidden = parts.length === 0;
    list.replaceChildren(...parts.flatMap(([name, said]) => [make("dt", "", name), make("dd", "", said)]));
  });
}

/** What is under way: a bar for each thing, and the newest lines. */
export function stepsPart(model, root, open) {
  const fold = make("details", "queen-steps");
  const summary = make("summary");
  const bars = make("div");
  const lines = make("ul", "queen-lines");
  fold.append(summary, bars, lines);
  fold.open = open;
  root.appendChild(fold);
  const release = onChange(model, ["progress", "lines", "earlier"], () => {
    const [progress, said, earlier] = [model.get("progress"), model.get("lines"), model.get("earlier")];
    fold.hidden = progress.length + said.length === 0;
    summary.textContent = [...progress.map((each) => each.said), ...said].at(-1) ?? "";
    while (bars.children.length > progress.length) bars.lastChild.remove();
    progress.forEach((each, at) => showBar(bars, at, each));
    const notes = earlier ? [`… ${earlier} earlier lines`] : [];
    lines.replaceChildren(...[...notes, ...said].map((line) => make("li", "", line)));
  });
  return { fold, release };
}

function showBar(bars, at, { said, share, what }) {
  let row = bars.children[at];
  if (!row) {
    row = bars.appendChild(make("div", "queen-bar"));
    row.append(make("span"), make("progress"));
  }
  const [text, bar] = row.children;
  text.textContent = said;
  bar.setAttribute("aria-label", what);
  bar.max = 1;
  if (share === null) bar.removeAttribute("value");
  else bar.value = share;
}

/** The line above a job: its state, its facts, and its buttons. */
export function headPart(model, root, buttons, [verb, meaning] = ["Cancel", "Cancel this job"]) {
  const head = make("div", "queen-head");
  const state = make("span", "queen-state");
  const facts = make("span", "queen-facts");
  const cancel = button(verb, meaning, () => {
    model.send({ cancel: 1 });
    cancel.textContent = "Cancelling…";
    cancel.disabled = true;
  });
  const right = make("span", "queen-buttons");
  right.append(cancel, ...buttons);
  head.append(state, facts, right);
  root.appendChild(head);
  const say = speaker(root);
  const release = onChange(model, ["head"], () => {
    const job = model.get("head");
    showState(state, job.state, job.reason);
    if (job.ended || facts.textContent === "") facts.textContent = job.facts.join(" · ");
    cancel.hidden = job.ended;
    say(job.ended ? `${job.operation} ${job.state}, ${job.facts.join(", ")}` : `${job.operation} ${job.state}`);
  });
  return { head, facts, release };
}

/** How to come back to a job from another kernel. */
export function advice(model) {
  return `If the job goes on, come back to it: jobs.attach("${model.get("head").id}")`;
}
