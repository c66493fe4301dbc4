// Hives and what runs on them.

function render({ model, el }) {
  const root = frame(el, "queen-hives", "Hives");
  const { release } = tablePart(model, root, "hives");
  const releaseDog = listWatchdog(model, root, ["hives"]);
  return () => [release, releaseDog].forEach((each) => each());
}

export default { render };
