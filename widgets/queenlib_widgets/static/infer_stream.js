// The answer of a model as it comes.

function render({ model, el }) {
  const root = frame(el, "queen-stream", `Answer of ${model.get("head").id}`);
  let asText = false;
  const copy = button("Copy", "Copy the answer", () => {
    texts[0].flow.finish();
    copied(copy, answer.data);
  });
  const form = button("Text", "Show the answer as it was written", () => {
    asText = !asText;
    showForm();
  });
  const { head, facts, release: releaseHead } = headPart(model, root, [copy, form]);
  const { fold, release: releaseSteps } = stepsPart(model, root, true);
  const [thoughts, thoughtsFold] = reasoningPart(root);
  const log = make("div", "queen-answer");
  log.setAttribute("role", "log");
  log.setAttribute("aria-live", "off");
  log.setAttribute("aria-label", "answer");
  log.tabIndex = 0;
  const pre = make("pre");
  const answer = document.createTextNode(model.get("text"));
  pre.appendChild(answer);
  const prose = make("div", "queen-prose");
  log.append(pre, prose);
  root.appendChild(log);
  const releaseError = errorPart(model, root);
  const dog = watchdog(root, () => !model.get("head").ended, () => advice(model));
  const speed = speedometer();
  thoughts.data = model.get("reasoning");
  const texts = [answer, thoughts].map((node) => ({
    node,
    at: points(node.data).length,
    flow: flow((piece) => scrolled(log, () => node.appendData(piece))),
  }));

  function take([at, piece, count, channel = 0]) {
    const text = texts[channel];
    const more = fresh(text.at, at, piece);
    if (more === null) return ask();
    text.flow.add(more);
    text.at += points(more).length;
    if (channel === 1) thoughtsFold.hidden = false;
    fold.open = false;
    const rate = speed(count);
    const first = model.get("first_ms");
    const said = [`${count} tokens`];
    if (rate !== null) said.push(`${rate.toFixed(1)} tokens/s`);
    if (first !== null) said.push(`first token after ${Math.round(first)} ms`);
    if (!model.get("head").ended) facts.textContent = said.join(" · ");
  }

  let asked = -Infinity;
  function ask() {
    if (performance.now() - asked < 500) return;
    asked = performance.now();
    model.send({ from: texts.map((text) => text.at) });
  }

  function hear(message) {
    dog.heard();
    if (Array.isArray(message)) take(message);
    else if (message.clear) {
      for (const text of texts) {
        text.flow.drop();
        text.node.data = "";
        text.at = 0;
      }
    }
  }

  function showForm() {
    const rendered = model.get("rendered");
    form.hidden = !rendered;
    form.textContent = asText ? "Markdown" : "Text";
    form.setAttribute("aria-label", asText ? "Show the answer as Markdown" : "Show the answer as it was written");
    pre.hidden = Boolean(rendered) && !asText;
    prose.hidden = !pre.hidden;
  }

  model.on("msg:custom", hear);
  const releaseForm = onChange(model, ["rendered"], () => {
    dog.heard();
    graft(prose, model.get("rendered"));
    showForm();
  });
  const releaseEnd = onChange(model, ["head"], () => {
    dog.heard();
    head.dataset.ended = String(model.get("head").ended);
    if (model.get("head").ended) catchUp();
  });

  function catchUp() {
    // In the end all of it is in the traits too, whatever of the pieces was missed.
    [model.get("text"), model.get("reasoning")].forEach((all, channel) => {
      if (points(all).length > texts[channel].at) take([0, all, 0, channel]);
    });
    for (const text of texts) text.flow.finish();
    fold.open = false;
    facts.textContent = model.get("head").facts.join(" · ");
  }

  ask();
  return () => {
    model.off("msg:custom", hear);
    for (const text of texts) text.flow.drop();
    for (const release of [releaseHead, releaseSteps, releaseError, releaseForm, releaseEnd, dog.end]) release();
  };
}

function reasoningPart(root) {
  const fold = make("details", "queen-reasoning");
  const pre = make("pre");
  const node = document.createTextNode("");
  pre.appendChild(node);
  fold.append(make("summary", "", "reasoning"), pre);
  fold.hidden = true;
  root.appendChild(fold);
  return [node, fold];
}

/** Does something to what scrolls; it stays at its end if it was there. */
function scrolled(log, act) {
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  act();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

async function copied(place, text) {
  try {
    await navigator.clipboard.writeText(text);
    place.textContent = "Copied";
  } catch {
    place.textContent = "Not allowed";
  }
  setTimeout(() => (place.textContent = "Copy"), 2000);
}

export default { render };
