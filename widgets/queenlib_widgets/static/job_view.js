// Any job: its steps, its lines, its result.

function render({ model, el }) {
  const root = frame(el, "queen-job", `Job ${model.get("head").id}`);
  const { facts, release: releaseHead } = headPart(model, root, []);
  const { release: releaseSteps } = stepsPart(model, root, true);
  const result = make("dl", "queen-result");
  root.appendChild(result);
  const releaseError = errorPart(model, root);
  const dog = watchdog(root, () => !model.get("head").ended, () => advice(model));
  const releaseResult = onChange(model, ["result"], () => {
    const rows = model.get("result");
    result.hidden = rows.length === 0;
    result.replaceChildren(...rows.flatMap(([name, said]) => [make("dt", "", name), make("dd", "", said)]));
  });
  const releaseHeard = onChange(model, ["head", "progress", "lines"], () => {
    dog.heard();
    facts.textContent = model.get("head").facts.join(" · ");
  });
  model.on("msg:custom", dog.heard);
  return () => {
    model.off("msg:custom", dog.heard);
    for (const release of [releaseHead, releaseSteps, releaseError, releaseResult, releaseHeard, dog.end]) release();
  };
}

export default { render };
